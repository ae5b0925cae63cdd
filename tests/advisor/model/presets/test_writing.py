"""Presets written as files: read again by us, and planned by llama.cpp."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import OutputError
from advisor.gguf import read_header
from advisor.model.presets import preset_header, write_preset
from advisor.units import MiB
from tests.support.engine_sizes import Question, engine_sizes
from tests.support.kv_oracle import kv_cache_bytes, recurrent_state_bytes
from tests.support.presets import ENTRY, GGUF, distinct, facts_named, header_of, presets, shipped


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gemma-4-e2b", "nemotron-3-nano-30b-a3b", "mamba2-2.7b"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    header = header_of(name)
    path = tmp_path / "preset.gguf"
    write_preset(header, path)
    assert path.stat().st_size == header.file_bytes
    read = read_header(path)
    epsilons = [key for key in header.metadata if key.endswith("epsilon")]  # 32 bits in the file
    metadata = {**read.metadata, **{key: header.metadata[key] for key in epsilons}}
    assert replace(read, path=header.path, shards=header.shards, metadata=metadata) == header
    assert all(read.metadata[key] == pytest.approx(header.metadata[key]) for key in epsilons)


def test_numbers_below_zero_are_written_with_their_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped(monkeypatch, {"small": {**ENTRY, "gguf": {**GGUF, "one": -1, "some": [2, -3], "text": "a"}}})
    write_preset(preset_header("small"), tmp_path / "small.gguf")
    metadata = read_header(tmp_path / "small.gguf").metadata
    assert [metadata[f"llama.{key}"] for key in ("one", "some", "text")] == [-1, (2, -3), "a"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/preset\.gguf cannot be written"):
        write_preset(header_of("llama-3.2-1b"), tmp_path / "missing" / "preset.gguf")


@pytest.mark.engine
def test_the_engine_plans_every_preset_as_the_facts_do(tmp_path: Path) -> None:
    questions = [Question(4096), Question(32_768), Question(32_768, "q8_0")]
    paths = {name: tmp_path / f"{name}.gguf" for name in distinct()}
    for name, path in paths.items():
        write_preset(header_of(name), path)
    answers = engine_sizes(list(paths.values()), questions)
    wrong = []
    for name, path in paths.items():
        found = facts_named(name)
        for question, sizes in answers[path].items():
            n_bytes = kv_cache_bytes(found, question.n_ctx, question.cache_type) + recurrent_state_bytes(
                found
            )
            if not sizes.agrees_with(n_bytes):
                wrong.append(
                    f"{name} {question}: engine {sizes.mebibytes} MiB, facts {n_bytes / MiB:.3f} MiB"
                )
    assert wrong == []
    assert all(len(answers[path]) == len(questions) for path in paths.values())


@pytest.mark.engine
def test_the_engine_reads_every_type_that_a_quantization_uses(tmp_path: Path) -> None:
    paths = []
    for quantization in presets()["gemma-3-270m"].quantizations:
        paths.append(tmp_path / f"{quantization}.gguf")
        write_preset(header_of("gemma-3-270m", quantization), paths[-1])
    answers = engine_sizes(paths, [Question(4096)])
    expected = kv_cache_bytes(facts_named("gemma-3-270m"), 4096, "f16")
    assert all(answers[path][Question(4096)].agrees_with(expected) for path in paths)
