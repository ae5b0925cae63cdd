"""The real files beside a model: which go with it, what they are counted as, what is left of a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import ModelFactsError, SettingsError
from advisor.memory.companions import NO_COMPANIONS
from advisor.memory.plan import CompanionKind
from advisor.model import read_model
from advisor.settings.request import Request
from tests.support import answers
from tests.support.companion_files import adapter, projector
from tests.support.gguf_bytes import expand_head
from ui.session.answers import Answers
from ui.session.chosen_files import ChosenFiles, chosen_files
from ui.session.state import Beside, ExportWish, Wishes


@pytest.fixture
def real() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with its projector, and another model's projector beside it."""
    expand_head("qwen2-dense", tmp_path).rename(tmp_path / "qwen-Q4_K_M.gguf")
    expand_head("gpt2-dense", tmp_path).rename(tmp_path / "other-Q4_K_M.gguf")
    for name in ("mmproj-qwen-F16.gguf", "mmproj-other-F16.gguf"):
        projector().write(tmp_path / name)
    facts = read_model(tmp_path / "qwen-Q4_K_M.gguf")
    width = next(it.dims[0] for it in facts.weights if it.name == "blk.0.attn_q.weight")
    for name, of in (("fits.gguf", facts.architecture), ("of-another.gguf", "llama")):
        adapter({"blk.0.attn_q.weight": (width, width)}, architecture=of).write(tmp_path / name)
    return tmp_path


def test_offered_is_what_goes_with_the_model(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    found = real.companions.beside(facts, None)
    assert [it.name for it in found.offered] == ["mmproj-qwen-F16.gguf"]
    assert found.counted is NO_COMPANIONS
    assert real.companions.beside(facts, "lm-studio").counted.projector == found.offered[0]


def test_counted_in_every_answer(real: Answers, folder: Path) -> None:
    facts = replace(real.models.read(folder / "qwen-Q4_K_M.gguf"), n_ctx_train=32768)
    hardware = answers.computer(answers.gpu())
    beside = real.companions.with_projector(facts, NO_COMPANIONS, folder / "mmproj-qwen-F16.gguf")
    with_draft = real.companions.with_draft(facts, beside, folder / "qwen-Q4_K_M.gguf")
    goal = real.goals.known().all["chat"]
    plans = [
        real.models.by_formula(facts, Wishes(hardware, goal, "llama-server", companions=with_draft)).plan,
        real.models.estimate(facts, hardware, Request(n_ctx=1024), with_draft),
        real.models.confirm(facts, hardware, Request(n_ctx=1024), with_draft).plan,
    ]
    for plan in plans:
        kinds = {companion.kind for companion in plan.companions}
        assert kinds == {CompanionKind.PROJECTOR, CompanionKind.DRAFT_MODEL}
    made = real.models.export(
        facts, hardware, plans[1].settings, ExportWish("llama-server"), companions=with_draft
    )
    assert "mmproj-qwen-F16.gguf" in made.export.files[0].text


def test_refused(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    with pytest.raises(ModelFactsError):
        real.companions.with_projector(facts, NO_COMPANIONS, folder / "qwen-Q4_K_M.gguf")
    with pytest.raises(ModelFactsError):
        real.companions.with_draft(facts, NO_COMPANIONS, folder / "mmproj-qwen-F16.gguf")


def test_an_adapter_is_counted_once_and_only_with_its_model(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    counted = NO_COMPANIONS
    for _ in range(2):
        counted = real.companions.with_adapter(facts, counted, folder / "fits.gguf")
    assert [it.name for it in counted.adapters] == ["fits.gguf"]
    with pytest.raises(SettingsError, match="was made for the architecture llama"):
        real.companions.with_adapter(facts, counted, folder / "of-another.gguf")
    plan = real.models.estimate(facts, answers.computer(answers.gpu()), Request(n_ctx=1024), counted)
    assert {companion.kind for companion in plan.companions} == {CompanionKind.ADAPTER}


def test_a_side_file_is_taken_for_what_is_in_it(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    take = real.companions.with_side_file
    assert take(facts, NO_COMPANIONS, folder / "fits.gguf").adapters
    assert take(facts, NO_COMPANIONS, folder / "mmproj-qwen-F16.gguf").projector
    with pytest.raises(ModelFactsError) as caught:
        take(facts, NO_COMPANIONS, folder / "other-Q4_K_M.gguf")
    assert caught.value.code == "not-a-projector"
    with pytest.raises(SettingsError):
        take(facts, NO_COMPANIONS, folder / "of-another.gguf")


def test_what_was_chosen_is_read_again_without_what_is_gone(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    projector().write(elsewhere / "eyes.gguf")
    draft = folder / "draft.gguf"
    draft.hardlink_to(folder / "qwen-Q4_K_M.gguf")
    chosen = ChosenFiles(elsewhere / "eyes.gguf", draft, (folder / "fits.gguf",))
    found = real.companions.beside(facts, "ollama")
    whole = real.companions.read_again(facts, chosen, found)
    assert chosen_files(whole.counted) == chosen
    assert (whole.error, whole.gone) == (None, ())
    assert real.companions.are_there(chosen)
    assert [it.name for it in whole.offered] == ["mmproj-qwen-F16.gguf", "eyes.gguf"]
    (elsewhere / "eyes.gguf").unlink()
    draft.unlink()
    assert not real.companions.are_there(chosen)
    left = real.companions.read_again(facts, chosen, found)
    assert chosen_files(left.counted) == ChosenFiles(adapters=(folder / "fits.gguf",))
    assert left.gone == (elsewhere / "eyes.gguf", draft)
    assert left.error is None
    assert left.offered == found.offered


def test_what_no_longer_goes_with_the_model_is_left_out_with_its_reason(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    chosen = ChosenFiles(adapters=(folder / "of-another.gguf", folder / "fits.gguf"))
    left = real.companions.read_again(facts, chosen, Beside())
    assert [it.name for it in left.counted.adapters] == ["fits.gguf"]
    assert isinstance(left.error, SettingsError)
    assert left.gone == ()
