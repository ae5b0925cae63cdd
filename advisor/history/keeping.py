"""What becomes of a proof that has ended, and what all of them teach. What fails here loses no answer."""

from __future__ import annotations

from datetime import UTC, datetime

from advisor.basis import Note
from advisor.engine.protocol import EngineInfo
from advisor.errors import AdvisorError, OutputError
from advisor.hardware.device import Hardware
from advisor.history.record import record_of
from advisor.history.store import History
from advisor.model.facts import ModelFacts
from advisor.probe.learning import learn
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


def learned(hardware: Hardware, history: History) -> Calibration:
    """What the proofs on this computer taught; nothing where the history cannot be read."""
    try:
        return history.calibration(hardware)
    except OutputError:
        return NOTHING_LEARNED
