"""Facts against llama.cpp: the cache and state that they sum up to are those of its own dry run."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.gguf import read_header
from advisor.model import ModelFacts, facts
from tests.support.engine_sizes import Question, Sizes, engine_sizes
from tests.support.gguf_bytes import expand_head, head_names
from tests.support.kv_oracle import kv_cache_bytes, recurrent_state_bytes
from tests.support.shapes import SHAPES, write_shape

pytestmark = pytest.mark.engine

QUESTIONS = (
    Question(4096),
    Question(4096, "q8_0"),
    Question(131072),
    Question(131072, "q8_0"),
    Question(8192, flash_attn="auto"),
    Question(8192, flash_attn="off"),
    Question(8192, swa_full=True, n_seq_max=2),
    Question(8192, n_seq_max=4, unified=False),
    Question(8192, n_seq_max=4),
)

Answers = dict[str, tuple[ModelFacts, dict[Question, Sizes]]]


def _ask(paths: list[Path]) -> Answers:
    answers = engine_sizes(paths, QUESTIONS)
    return {path.stem: (facts(read_header(path)), answers[path]) for path in paths}


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    directory = tmp_path_factory.mktemp("heads")
    return _ask([expand_head(name, directory) for name in head_names()])


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    directory = tmp_path_factory.mktemp("shapes")
    return _ask([write_shape(name, directory) for name in SHAPES])


def _disagreements(found: ModelFacts, answers: dict[Question, Sizes]) -> list[str]:
    wrong = []
    for question, sizes in answers.items():
        if sizes.mebibytes is None:
            if not _may_refuse(found, question):
                wrong.append(f"{question}: refused")
            continue
        n_bytes = recurrent_state_bytes(found, question.n_seq_max) + kv_cache_bytes(
            found,
            question.n_ctx,
            question.cache_type,
            swa_full=question.swa_full,
            flash_attn=question.flash_attn != "off",
            n_seq_max=question.n_seq_max,
            unified=question.unified,
        )
        if not sizes.agrees_with(n_bytes):
            wrong.append(f"{question}: engine {sizes.mebibytes} MiB, facts {n_bytes / 2**20:.3f} MiB")
    return wrong


def _may_refuse(found: ModelFacts, question: Question) -> bool:
    """A quantized cache needs flash attention, and heads that its blocks divide."""
    heads = [layer.attention.key_length for layer in found.layers if layer.attention]
    uneven = any(length % 32 for length in heads)
    return question.cache_type == "q8_0" and (uneven or not found.supports_flash_attn)


@pytest.mark.parametrize("name", head_names())
def test_cache_and_state_of_every_head_are_the_engines(heads: Answers, name: str) -> None:
    found, answers = heads[name]

    assert _disagreements(found, answers) == []
    assert len(answers) == len(QUESTIONS)
    assert found.verified


@pytest.mark.parametrize("name", SHAPES)
def test_cache_and_state_of_real_models_are_the_engines(shapes: Answers, name: str) -> None:
    found, answers = shapes[name]

    assert _disagreements(found, answers) == []
    assert len(answers) == len(QUESTIONS)


def test_models_without_a_cache_answer_nothing(heads: Answers) -> None:
    found, answers = heads["dream-dense"]

    assert not found.has_cache
    assert all(sizes.mebibytes == () for sizes in answers.values())
