"""The log: each thing once, bounded, without folders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from advisor.errors import EngineDied, EngineMissing, GgufError
from tests.support import computers
from tests.support.fake_domain import FakeDomain
from ui.session.event_log import MOST_ENTRIES, EventLog, Kind
from ui.session.session import Session

Settle = Callable[[Session], None]
NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
FILE = Path("/models/llama.gguf")


@pytest.fixture
def log(session: Session) -> EventLog:
    return EventLog(session, session, clock=lambda: NOON)


def texts(log: EventLog, kind: Kind) -> list[str]:
    return [entry.text for entry in log.entries if entry.kind is kind]


def test_what_was_asked_and_answered_has_a_time(log: EventLog, session: Session, settled: Settle) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert "asking llama.cpp: 256 tokens" in texts(log, Kind.ENGINE)
    assert any("is ready, built for CUDA, CPU" in text for text in texts(log, Kind.ENGINE))
    told = texts(log, Kind.ANSWER)
    assert told[0].endswith("by formula")
    assert told[-1].endswith("exact, asked from llama.cpp")
    assert log.entries[0].line.startswith("12:00:05  ")
    assert log.text().count("\n") == len(log.entries)


def test_errors_are_told_once_until_they_change(
    log: EventLog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.read_error = GgufError("photo.gguf is not a GGUF file.", hint="Choose another file.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    session.model_changed.emit(session.current)
    session.model_changed.emit(session.current)
    assert texts(log, Kind.ERROR) == ["llama.gguf: photo.gguf is not a GGUF file. Choose another file."]


def test_a_dead_or_missing_engine_is_an_error(
    log: EventLog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_death = EngineDied("llama.cpp was killed.", hint="Look again.")
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert set(texts(log, Kind.ERROR)) == {"Llama 3.1 8B Instruct: llama.cpp was killed. Look again."}
    domain.engine_missing = EngineMissing("There is no llama.cpp.", hint="Install it.")
    session.look_again()
    settled(session)
    assert "There is no llama.cpp. Install it." in texts(log, Kind.ERROR)


def test_findings_are_told_once(log: EventLog, session: Session, domain: FakeDomain, settled: Settle) -> None:
    domain.computer = computers.cpu_only_build()
    session.start()
    settled(session)
    found = texts(log, Kind.FINDING)
    assert len(found) == len(set(found)) >= 1
    session.hardware_changed.emit()
    assert texts(log, Kind.FINDING) == found


def test_it_is_bounded_and_the_same_in_a_row_is_one(log: EventLog, session: Session) -> None:
    for number in range(MOST_ENTRIES + 50):
        session.progress_changed.emit(f"asking {number}")
        session.progress_changed.emit(f"asking {number}")
        session.progress_changed.emit("")
    assert len(log.entries) == MOST_ENTRIES
    assert log.entries[-1].text == f"asking {MOST_ENTRIES + 49}"


def test_no_home_folder_is_in_it(log: EventLog, session: Session) -> None:
    session.progress_changed.emit("asking /home/somebody/models/a.gguf")
    assert texts(log, Kind.ENGINE) == ["asking ~/models/a.gguf"]
