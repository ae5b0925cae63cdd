"""Proofs in the session: one at a time, stopped at any moment, kept, and learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.basis import Note
from advisor.errors import EngineMissing, OutputError, ProbeFailed, UsageError
from advisor.probe.events import Event
from advisor.settings.request import Request
from tests.support import answers, proofs
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.proof_state import Proof, ProofStatus
from ui.session.proving import Calmed
from ui.session.session import Session
from ui.session.state import OpenModel

Settle = Callable[[Session], None]


@pytest.fixture
def opened(session: Session, domain: FakeDomain, settled: Settle) -> OpenModel:
    domain.proof_events = proofs.on_its_way()
    domain.proof_result = proofs.result()
    session.start()
    session.open_paths([Path("/models/one.gguf")])
    settled(session)
    assert session.current is not None
    return session.current


@pytest.fixture
def held(session: Session, domain: FakeDomain, opened: OpenModel, qtbot: QtBot) -> Iterator[Gate]:
    """A proof that is under way until the gate opens."""
    gate = domain.proof_gate = Gate()
    session.prove()
    qtbot.waitUntil(lambda: gate.reached.is_set() and proof_of(opened).now is not None)
    yield gate
    gate.open()


def proof_of(model: OpenModel) -> Proof:
    assert model.proof is not None
    return model.proof


def test_a_proof_of_what_is_shown_is_kept_and_told(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    request = session.asked
    assert request is not None
    session.prove()
    settled(session)
    proof = proof_of(opened)
    assert proof.status is ProofStatus.DONE
    assert proof.request == request
    assert proof.proved is not None
    assert proof.proved.result == domain.proof_result
    assert [attempt.n_ctx for attempt in proof.attempts] == [131072, 49152]
    assert [record.result for record in opened.proofs] == [domain.proof_result]
    assert domain.reserves == [session.computer.reserve]


def test_after_a_proof_every_answer_is_made_anew(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    session.choose(replace(session.asked or Request(), n_ctx=4096))
    settled(session)
    domain.asked.clear()
    session.prove()
    settled(session)
    kinds = [asked.partition(" ")[0] for asked in domain.asked]
    assert kinds.index("formula") > kinds.index("prove")
    assert "engine" in kinds
    assert "confirm 4096" in domain.asked  # the user's own settings, too
    assert opened.choice is not None


def test_only_one_at_a_time(session: Session, domain: FakeDomain, held: Gate, qtbot: QtBot) -> None:
    assert session.obstacle == "The proof is running."
    session.prove()
    session.open_paths([Path("/models/two.gguf")])
    qtbot.waitUntil(lambda: session.current is not None and session.current.recommendation is not None)
    assert "is being proved" in session.obstacle
    session.prove()
    assert [asked for asked in domain.asked if asked.startswith("prove")] == [
        next(asked for asked in domain.asked if asked.startswith("prove"))
    ]


def test_a_proof_does_not_hold_up_the_engine(session: Session, held: Gate, qtbot: QtBot) -> None:
    session.open_paths([Path("/models/two.gguf")])
    current = session.current
    assert current is not None
    qtbot.waitUntil(lambda: current.recommendation is not None and not current.is_asking_engine)
    qtbot.waitUntil(lambda: current.asked_generation == current.generation)


def test_stop_ends_it_and_nothing_is_kept(
    session: Session, domain: FakeDomain, opened: OpenModel, held: Gate, settled: Settle
) -> None:
    session.proving.stop()
    assert proof_of(opened).status is ProofStatus.STOPPING
    settled(session)
    assert proof_of(opened).status is ProofStatus.CANCELLED
    assert domain.kept == []
    assert session.obstacle == ""


def test_closing_the_model_ends_its_proof(
    session: Session, domain: FakeDomain, opened: OpenModel, held: Gate, settled: Settle
) -> None:
    session.close_model(opened)
    settled(session)
    assert session.proving.running is None
    assert domain.kept == []


def test_closing_the_session_ends_it(session: Session, held: Gate) -> None:
    assert session.close()


def test_another_programs_proof_is_said(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    domain.proof_error = UsageError("Another proof is running.", hint="Wait.", code="probe-running")
    session.prove()
    settled(session)
    proof = proof_of(opened)
    assert proof.status is ProofStatus.FAILED
    assert proof.error is domain.proof_error
    assert session.obstacle == ""


def test_a_failure_leaves_the_answer_as_it_is(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    before = opened.recommendation
    domain.proof_error = ProbeFailed("The file is gone.", hint="Put it back.")
    session.prove()
    settled(session)
    assert opened.recommendation is before
    assert opened.error is None


def test_without_an_engine_there_is_nothing_to_prove_with(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")
    session.start()
    session.open_paths([Path("/models/one.gguf")])
    settled(session)
    assert session.obstacle == "llama-cpp-python is not installed."
    session.prove()
    assert session.proving.running is None


def test_without_a_model_there_is_nothing_to_prove(session: Session) -> None:
    assert session.obstacle
    session.prove()
    session.adopt(4096)
    session.proving.stop()
    assert session.proving.running is None


@pytest.mark.parametrize("users", [1, 4])
def test_the_safe_context_is_adopted_with_the_proved_settings(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle, users: int
) -> None:
    session.choose(Request(runtime="llama-server", users=users, n_ctx=2048, cache_type_k="q8_0"))
    settled(session)
    assert opened.plan is not None
    proved = replace(opened.plan.settings, n_ctx=16384)
    domain.proof_result = proofs.result(settings=proved, limit_n_ctx=16384, safe_n_ctx=8192)
    session.prove()
    settled(session)
    session.choose(None)
    session.adopt(8192)
    assert opened.choice is not None
    settings = opened.choice.plan.settings
    assert (settings.n_ctx, settings.n_seq_max, settings.cache_type_k) == (8192, users, "q8_0")


def test_a_history_that_cannot_be_written_costs_a_note_and_no_answer(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    domain.not_kept = Note("history-disk-full", "The disk is full.")
    session.prove()
    settled(session)
    proved = proof_of(opened).proved
    assert proved is not None
    assert proved.not_kept == domain.not_kept


def test_a_history_that_cannot_be_read_is_said_and_recovers(
    session: Session, domain: FakeDomain, opened: OpenModel, settled: Settle
) -> None:
    domain.history_error = OutputError("The history cannot be read.", hint="Look at its rights.")
    session.look_again()
    settled(session)
    assert opened.proofs_error is domain.history_error
    assert opened.recommendation is not None
    domain.history_error = None
    session.look_again()
    settled(session)
    assert opened.proofs_error is None


def test_progress_is_told_ten_times_a_second_at_most_and_what_matters_always() -> None:
    now, told = [0.0], []
    calmed = Calmed(told.append, clock=lambda: now[0])
    for i in range(100):
        now[0] = i / 100  # a second
        calmed(Event("filling", now[0], 4096, i))
    assert 9 <= len(told) <= 11
    before = len(told)
    calmed(Event("attempt", 1.0, 4096, attempt=proofs.WORKED))
    calmed(Event("measuring", 1.0, 4096))
    assert len(told) == before + 2


def test_the_handmade_computer_has_what_the_proof_may_take(opened: OpenModel, held: Gate) -> None:
    assert proof_of(opened).ceiling_bytes == answers.ram().usable_bytes
    assert proof_of(opened).n_gpus == 1
