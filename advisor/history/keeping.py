"""What becomes of a proof that has ended, and what all of them teach. What fails here loses no answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from advisor.basis import Note
from advisor.engine.protocol import EngineInfo
from advisor.errors import AdvisorError, OutputError
from advisor.hardware.device import Hardware
from advisor.history.record import model_key, record_of
from advisor.history.store import History
from advisor.model.facts import ModelFacts
from advisor.probe import lessons
from advisor.probe.learning import learn, unlearned
from advisor.probe.lessons import about
from advisor.probe.result import ProbeResult
from advisor.settings.calibration import NOTHING_LEARNED, Calibration


def keep(
    facts: ModelFacts, hardware: Hardware, engine: EngineInfo, result: ProbeResult, history: History
) -> Note | None:
    """Keeps a proof with what it teaches. A note that says why, where that is not possible."""
    try:
        taught = learn(facts, result, hardware)
        now = datetime.now(UTC)
        history.add(record_of(facts, hardware, engine, result, now=now, calibration=taught))
    except AdvisorError as error:
        return Note(error.code, f"The proof was not kept in the history. {error.message} {error.hint}")
    return None


def with_lessons(facts: ModelFacts, hardware: Hardware, result: ProbeResult, history: History) -> ProbeResult:
    """A proof with notes on what it teaches: what it cannot, and whether earlier ones were faster.

    Asked before it is kept.
    """
    slower = slower_than_before(facts, hardware, result, history)
    notes = (*unlearned(facts, result, hardware), *([slower] if slower else ()))
    return replace(result, measured_notes=(*result.measured_notes, *notes))


def slower_than_before(
    facts: ModelFacts, hardware: Hardware, result: ProbeResult, history: History
) -> Note | None:
    """A note if earlier proofs of this model with these settings were faster. Asked before it is kept."""
    try:
        mine, now = about(model_key(facts), result.settings), learn(facts, result, hardware)
        before = [lesson.taught for lesson in history.lessons(hardware) if lesson.about == mine]
    except AdvisorError:
        return None  # `keep` tells of it
    return lessons.slower_than_before(now, before)


def learned(hardware: Hardware, history: History) -> Calibration:
    """What the proofs on this computer taught; nothing where the history cannot be read."""
    try:
        return history.calibration(hardware)
    except OutputError:
        return NOTHING_LEARNED
