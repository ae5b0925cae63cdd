"""Files that are gone or another are errors with a sentence, before a proof and during it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.errors import ProbeFailed
from advisor.model.facts import ModelFacts
from advisor.probe.failures import changed_files, files_of
from tests.support.small_models import small_llama


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    return small_llama(tmp_path / "model.gguf", n_layer=1)


def path_of(facts: ModelFacts) -> Path:
    assert facts.path is not None
    return facts.path


def test_a_file_that_is_gone_before_the_proof_begins(facts: ModelFacts) -> None:
    path_of(facts).unlink()
    with pytest.raises(ProbeFailed) as failed:
        files_of(facts)
    assert failed.value.code == "model-vanished"
    assert str(facts.path) in failed.value.message


def test_a_file_that_goes_or_changes_during_it(facts: ModelFacts) -> None:
    before = files_of(facts)
    assert changed_files(facts, before) is None
    os.utime(path_of(facts), ns=(0, 1))
    changed = changed_files(facts, before)
    assert changed is not None
    assert changed.code == "model-changed"
    path_of(facts).unlink()
    gone = changed_files(facts, before)
    assert gone is not None
    assert gone.code == "model-vanished"
