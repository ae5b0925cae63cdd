"""A proof is kept with what it taught; where that is not possible, a sentence says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.engine.proof import SpeedPoint
from advisor.engine.protocol import EngineInfo
from advisor.errors import OutputError
from advisor.history.keeping import keep, learned, slower_than_before, with_lessons
from advisor.history.record import model_key
from advisor.history.store import History
from advisor.model.facts import ModelFacts
from advisor.settings.calibration import NOTHING_LEARNED
from advisor.settings.load_settings import LoadSettings
from tests.support import answers, probe_records
from tests.support.small_models import small_llama

ENGINE = EngineInfo("0.3.36", "libllama.so", "3.11", "python", ("CPU",), (), False, True, None, ())
COMPUTER = answers.computer()
RESULT = replace(
    probe_records.RESULT,
    settings=replace(probe_records.RESULT.settings, override_tensor=(), tensor_split=()),
)


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    return small_llama(tmp_path / "model.gguf")


def test_a_proof_is_kept_with_what_it_taught(facts: ModelFacts, tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    assert keep(facts, COMPUTER, ENGINE, RESULT, history) is None
    kept = history.last(model_key(facts))
    assert kept is not None
    assert kept.result == RESULT
    assert kept.calibration is not None
    assert learned(COMPUTER, history).n_probes == 1


def test_a_proof_is_compared_with_those_of_the_same_model_and_settings(
    facts: ModelFacts, tmp_path: Path
) -> None:
    history = History(tmp_path / "history.sqlite3")
    result = replace(RESULT, settings=LoadSettings(n_ctx=4096))
    slow = replace(result, speed=(SpeedPoint(0, 10.0, 1.0),))
    fast = replace(result, speed=(SpeedPoint(0, 100.0, 10.0),))
    other = replace(slow, settings=replace(slow.settings, n_ubatch=64))
    assert slower_than_before(facts, COMPUTER, slow, history) is None
    assert keep(facts, COMPUTER, ENGINE, fast, history) is None
    note = slower_than_before(facts, COMPUTER, slow, history)
    assert note is not None
    assert "10.0 times as fast" in note.text
    assert slower_than_before(facts, COMPUTER, fast, history) is None
    assert slower_than_before(facts, COMPUTER, other, history) is None
    told = with_lessons(facts, COMPUTER, slow, history)
    assert note in told.measured_notes
    assert replace(told, measured_notes=slow.measured_notes) == slow


def test_a_history_that_cannot_be_read_compares_nothing(facts: ModelFacts, tmp_path: Path) -> None:
    path = tmp_path / "a folder"
    path.mkdir()
    assert slower_than_before(facts, COMPUTER, RESULT, History(path)) is None


def test_a_history_that_cannot_be_written_is_a_note(facts: ModelFacts, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    note = keep(facts, COMPUTER, ENGINE, RESULT, History(tmp_path / "a file" / "history.sqlite3"))
    assert note is not None
    assert note.text.startswith("The proof was not kept in the history.")
    assert note.code == "history-not-written"


def test_a_history_that_cannot_be_read_teaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_history: History, _hardware: object) -> None:
        raise OutputError("It cannot be read.", hint="Check the rights.")

    monkeypatch.setattr(History, "calibration", unreadable)
    assert learned(COMPUTER, History(tmp_path / "history.sqlite3")) is NOTHING_LEARNED
