"""Proofs that end without a result or in the middle, and what is said meanwhile."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from advisor.errors import (
    Cancelled,
    EngineError,
    EngineMissing,
    EngineRefused,
    ProbeFailed,
    UsageError,
)
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.lock import only_proof
from advisor.probe.prove import prove
from advisor.probe.result import BoundBy, Outcome
from advisor.probe.stop import Stop
from advisor.settings.request import Request
from tests.support.fake_prover import FakeProver, out_of_memory
from tests.support.planning import LinearPlanner
from tests.support.probe_ground import Proof, died, room_for

# ---- ends without a result ---------------------------------------------------------------------------


def test_a_model_without_a_file_is_refused(facts: ModelFacts, tmp_path: Path) -> None:
    hardware, prover = Hardware((room_for(20480),)), FakeProver(limit=1)
    nowhere = replace(facts, path=None)
    with pytest.raises(UsageError) as raised:
        prove(nowhere, hardware, Request(), LinearPlanner(nowhere, hardware), prover, folder=tmp_path)
    assert raised.value.code == "no-file"


def test_a_second_proof_is_refused(proof: Proof, tmp_path: Path) -> None:
    with only_proof(tmp_path), pytest.raises(UsageError) as raised:
        proof(FakeProver(limit=1))
    assert raised.value.code == "probe-running"


def test_where_nothing_works_the_last_words_are_told(proof: Proof) -> None:
    prover = FakeProver(limit=0, failures=(partial(died, 11),))
    with pytest.raises(ProbeFailed, match=r"Not even 256 tokens .* \(signal 11\)") as raised:
        proof(prover)
    assert raised.value.exit_code == 5
    assert prover.is_closed


def test_where_nothing_can_be_filled_it_is_told_what_the_fill_said(proof: Proof) -> None:
    with pytest.raises(ProbeFailed, match=r"Not even 256 tokens could be used\. While .* ran out of memory"):
        proof(FakeProver(limit=512, fill_limit=0), n_ctx=512)


def test_a_failure_that_no_size_explains_ends_the_proof_at_once(proof: Proof) -> None:
    error = EngineRefused("q4_1 cannot be cached.", hint="Use f16.", code="cache-type-refused")
    prover = FakeProver(limit=0, failures=(lambda: error,))
    with pytest.raises(ProbeFailed, match="q4_1 cannot be cached"):
        proof(prover)
    assert len(prover.tried) == 1


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (EngineMissing("There is none.", hint="Install it."), EngineMissing, "There is none"),
        (out_of_memory(), ProbeFailed, "The model itself does not fit"),
        (
            EngineRefused("It is too short.", hint="Load it.", code="model-truncated"),
            ProbeFailed,
            "too short",
        ),
    ],
)
def test_a_model_that_cannot_be_loaded_is_a_sentence(
    proof: Proof, error: EngineError, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        proof(FakeProver(limit=1, load_error=error))


def test_a_model_that_vanishes_meanwhile_is_told_as_that(proof: Proof, facts: ModelFacts) -> None:
    path = facts.path
    assert path is not None
    error = EngineRefused("llama.cpp cannot load this model.", hint="Look.")
    with pytest.raises(ProbeFailed, match="The model's file is gone") as raised:
        proof(FakeProver(limit=1, load_error=error, during=lambda call: path.unlink()))
    assert str(path) in raised.value.message


@pytest.mark.parametrize("call", ["load", "allocate", "fill"])
def test_a_model_that_is_cut_short_meanwhile_is_told_as_that(
    proof: Proof, facts: ModelFacts, call: str
) -> None:
    path = facts.path
    assert path is not None

    def cut(now: str) -> None:
        if now == call:
            path.write_bytes(b"")

    limits = {"load": (1 << 30, None), "allocate": (0, None), "fill": (1 << 30, 0)}
    limit, fill_limit = limits[call]
    with pytest.raises(ProbeFailed, match="was changed while"):
        proof(FakeProver(limit, fill_limit, during=cut), n_ctx=4096, fill="full")


@pytest.mark.parametrize("call", ["load", "allocate", "fill"])
def test_a_stop_ends_it_in_the_middle_of_any_call(proof: Proof, call: str) -> None:
    stop = Stop()
    prover = FakeProver(limit=1 << 30, during=lambda now: stop.ask() if now == call else None)
    with pytest.raises(Cancelled):
        proof(prover, stop=stop)
    assert prover.is_closed


def test_a_stop_before_the_beginning_loads_nothing(proof: Proof) -> None:
    stop = Stop()
    stop.ask()
    prover = FakeProver(limit=1 << 30)
    with pytest.raises(Cancelled):
        proof(prover, stop=stop)
    assert prover.loads == []


# ---- time --------------------------------------------------------------------------------------------


class Clock:
    """Time passes in the calls alone: `seconds` in each."""

    def __init__(self, **seconds: float) -> None:
        self.now = 0.0
        self._seconds = seconds

    def __call__(self) -> float:
        return self.now

    def during(self, call: str) -> None:
        self.now += self._seconds.get(call, 0.0)


def test_when_half_the_time_is_over_what_worked_is_filled(proof: Proof) -> None:
    clock = Clock(allocate=400)
    found = proof(FakeProver(limit=30000, during=clock.during), clock=clock, max_seconds=1000)
    assert len(found.attempts) == 2
    assert found.filled_tokens == found.limit_n_ctx
    assert found.bound_by is BoundBy.TIME


def test_a_fill_that_takes_too_long_tells_how_far_it_came(proof: Proof) -> None:
    clock = Clock(fill=2000)
    found = proof(FakeProver(limit=20480, during=clock.during), clock=clock, max_seconds=1000)
    assert (found.limit_n_ctx, found.filled_tokens) == (20480, 5120)
    assert found.bound_by is BoundBy.TIME
    assert "not-filled" in [note.code for note in found.measured_notes]


@pytest.mark.parametrize("call", ["load", "allocate"])
def test_too_little_time_for_anything_is_a_failure(proof: Proof, call: str) -> None:
    clock = Clock(**{call: 2000.0})
    prover = FakeProver(limit=20480, during=clock.during)
    with pytest.raises(ProbeFailed, match="The time was up after 2000 seconds") as raised:
        proof(prover, clock=clock, max_seconds=1000)
    assert raised.value.code == "time-is-up"
    assert prover.is_closed


# ---- what is said meanwhile --------------------------------------------------------------------------


def test_events_tell_stage_context_attempts_and_time_left(proof: Proof) -> None:
    events: list[Event] = []
    proof(FakeProver(limit=20480), on_event=events.append)
    assert [event.stage for event in events] == [
        *("planning", "loading", "allocating", "attempt", "allocating", "attempt", "loading", "filling"),
    ]
    assert [event.attempt.outcome for event in events if event.attempt] == [Outcome.OK, Outcome.OUT_OF_MEMORY]
    assert events[-1].n_filled == 5120
    assert events[-1].seconds_left == pytest.approx((20480 - 5120) / 100)


def test_the_dry_run_engine_is_let_go_before_anything_is_loaded(proof: Proof) -> None:
    order: list[str] = []
    prover = FakeProver(limit=20480, during=order.append)
    proof(prover, release_engine=lambda: order.append("released"))
    assert order[0] == "released"
    for index, call in enumerate(order):
        if call in {"load", "allocate", "fill"}:
            assert "released" in order[max(0, index - 2) : index]
