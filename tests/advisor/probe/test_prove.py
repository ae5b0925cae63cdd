"""The proof as a whole, against a prover whose memory is a straight line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import FillMethod
from advisor.errors import (
    Cancelled,
    EngineDied,
    EngineError,
    EngineMissing,
    EngineRefused,
    EngineTimeout,
    ProbeFailed,
    UsageError,
)
from advisor.hardware.device import Device, Hardware, Kind
from advisor.memory.overhead import host_overhead
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.lock import only_proof
from advisor.probe.prove import prove
from advisor.probe.result import BoundBy, Outcome, ProbeResult
from advisor.probe.stop import Stop
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support.fake_prover import TOKEN_BYTES, WEIGHTS_BYTES, FakeProver, out_of_memory
from tests.support.planning import LinearPlanner, a_model, gpu, ram

# As the planner of these tests counts: weights, and half a MiB of compute for each token of a ubatch.
BESIDE_BYTES = WEIGHTS_BYTES + 256 * MiB


def room_for(n_ctx: int, reserve_bytes: int = 2 * GiB) -> Device:
    return ram(BESIDE_BYTES + n_ctx * TOKEN_BYTES, reserve_bytes)


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return replace(a_model(), path=path, shards=(path,))


Proof = Callable[..., ProbeResult]


@pytest.fixture
def proof(facts: ModelFacts, tmp_path: Path) -> Proof:
    """A proof on a computer with RAM for 20,480 tokens, as it is predicted."""

    def run(
        prover: FakeProver, *devices: Device, request: Request | None = None, **options: Any
    ) -> ProbeResult:
        hardware = Hardware(devices or (room_for(20480),))
        planner = LinearPlanner(facts, hardware, WEIGHTS_BYTES)
        return prove(facts, hardware, request or Request(), planner, prover, folder=tmp_path, **options)

    return run


def died(signal: int) -> EngineError:
    return EngineDied(f"The engine crashed (signal {signal}).", hint="Use less.", code="engine-crashed")


def refused() -> EngineError:
    return EngineRefused(
        "llama.cpp could not have the memory.", hint="Use less.", code="engine-out-of-memory"
    )


def silent() -> EngineError:
    return EngineTimeout("The engine did not answer.", hint="Try again.")


# ---- the limit ---------------------------------------------------------------------------------------


def test_a_good_prediction_is_proved_with_two_attempts(proof: Proof) -> None:
    prover = FakeProver(limit=20480)
    found = proof(prover)
    assert prover.tried == [20480, 20736]
    assert (found.limit_n_ctx, found.proved_n_ctx, found.filled_tokens) == (20480, 20480, 20480)
    assert [attempt.outcome for attempt in found.attempts] == [Outcome.OK, Outcome.OUT_OF_MEMORY]
    assert found.attempts[1].detail == "The engine ran out of memory."
    assert found.bound_by is BoundBy.RESERVE  # the guard keeps it
    assert prover.is_closed


@pytest.mark.parametrize("limit", [256, 5120, 17152, 20224, 20736, 22528, 31744])
def test_the_limit_is_found_wherever_it_is_and_whatever_failures_look_like(proof: Proof, limit: int) -> None:
    failures = (partial(died, 11), out_of_memory, refused, silent)
    prover = FakeProver(limit, failures=failures)
    found = proof(prover)
    assert found.limit_n_ctx == limit
    assert prover.filled[-1][0] == limit


@pytest.mark.parametrize("dies", [True, False])
def test_after_a_failure_the_model_is_loaded_afresh(proof: Proof, dies: bool) -> None:
    prover = FakeProver(limit=10240, dies_of_failures=dies)
    found = proof(prover)
    failed = [attempt for attempt in found.attempts if attempt.outcome is not Outcome.OK]
    assert len(prover.loads) == len(failed) + 1


def test_the_training_context_ends_the_search(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30)
    found = proof(prover, room_for(100_000))
    assert prover.tried == [32768]
    assert found.limit_n_ctx == 32768
    assert found.bound_by is BoundBy.TRAINING_CONTEXT


def test_a_context_that_was_asked_for_is_proved_alone(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30)
    found = proof(prover, n_ctx=5000)
    assert prover.tried == [5120]
    assert (found.limit_n_ctx, found.bound_by) == (5120, BoundBy.REQUESTED)


def test_below_a_context_that_was_asked_for_and_fails_the_limit_is_searched(proof: Proof) -> None:
    found = proof(FakeProver(limit=3072), n_ctx=4096)
    assert found.attempts[0].n_ctx == 4096
    assert (found.limit_n_ctx, found.bound_by) == (3072, BoundBy.RESERVE)


def test_the_guard_is_what_is_usable_and_a_cap_is_passed_on(proof: Proof) -> None:
    prover = FakeProver(limit=8192)
    found = proof(prover, cap_bytes=512 * MiB)
    _, usable, cap = prover.loads[0]
    assert usable == room_for(20480).usable_bytes
    assert cap == 512 * MiB
    assert found.bound_by is BoundBy.MEMORY


def test_a_limit_of_the_device_is_reported_as_one(proof: Proof) -> None:
    def beyond() -> EngineError:
        return EngineDied("CUDA0 cannot work on cache_k_l0.", hint="Less.", code=DEVICE_LIMIT)

    found = proof(FakeProver(limit=20480, failures=(beyond,)))
    assert found.attempts[-1].outcome is Outcome.REFUSED
    assert "not of its memory" in found.attempts[-1].detail
    assert DEVICE_LIMIT in [note.code for note in found.measured_notes]
    assert found.bound_by is BoundBy.MEMORY


def test_the_safe_context_leaves_the_reserve_of_a_gpu(proof: Proof) -> None:
    """The GPU has room for 20,480 tokens, and for 8,192 of them more in its reserve."""
    card = gpu(BESIDE_BYTES + 20480 * TOKEN_BYTES, reserve_bytes=8192 * TOKEN_BYTES)
    found = proof(FakeProver(limit=28672), replace(card, engine_device="CUDA0"), ram(8 * GiB))
    assert found.limit_n_ctx == 28672
    assert found.bound_by is BoundBy.MEMORY
    assert found.safe_n_ctx == 20480


def test_what_was_measured_beyond_the_prediction_lowers_the_safe_context(
    proof: Proof, facts: ModelFacts
) -> None:
    """The fake holds weights and cache; the prediction has 256 MiB of compute more, so safe may be larger."""
    found = proof(FakeProver(limit=32768), room_for(20480))
    cells = host_overhead(facts, found.settings, {"CPU": 0})
    assert found.predicted_bytes["CPU"] - (found.measured_peak_bytes["CPU"] or 0) == 256 * MiB + cells
    assert found.safe_n_ctx == 20480 + 256 * MiB // TOKEN_BYTES


# ---- the fill ----------------------------------------------------------------------------------------


def test_copies_come_first_and_the_method_is_told(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30)
    found = proof(prover, n_ctx=4096)
    assert prover.filled == [(4096, FillMethod.COPY)]
    assert found.method is FillMethod.COPY


def test_what_depth_adds_counts_for_the_peak_although_copies_made_it(proof: Proof) -> None:
    """The fake holds no more in any fill than in an allocation: the rest is what it says that it grew by."""
    plain = proof(FakeProver(limit=1 << 30, grown_bytes=7 * MiB), n_ctx=4096, fill="full")
    copied = proof(FakeProver(limit=1 << 30, grown_bytes=7 * MiB), n_ctx=4096)
    assert plain.measured_peak_bytes["CPU"] == WEIGHTS_BYTES + 4096 * TOKEN_BYTES
    assert copied.measured_peak_bytes["CPU"] == WEIGHTS_BYTES + 4096 * TOKEN_BYTES + 7 * MiB
    assert "grown-by-copies" in [note.code for note in copied.measured_notes]
    assert "grown-by-copies" not in [note.code for note in plain.measured_notes]


@pytest.mark.parametrize(("n_tokens", "is_told"), [(64, True), (512, False), (0, False)])
def test_a_ubatch_that_was_cut_short_at_depth_is_told(proof: Proof, n_tokens: int, is_told: bool) -> None:
    found = proof(FakeProver(limit=1 << 30, last_prompt_tokens=n_tokens), n_ctx=8192)
    assert ("ubatch-not-at-depth" in [note.code for note in found.measured_notes]) is is_told


@pytest.mark.parametrize("fill", ["copy", "full"])
def test_the_method_can_be_chosen(proof: Proof, fill: str) -> None:
    prover = FakeProver(limit=1 << 30)
    assert proof(prover, n_ctx=4096, fill=fill).method == fill
    assert [method for _, method in prover.filled] == [fill]


def test_a_split_cache_is_filled_plainly(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30)
    found = proof(prover, request=Request(n_seq_max=4), n_ctx=8192)
    assert [method for _, method in prover.filled] == [FillMethod.FULL]
    assert found.limit_n_ctx == 8192


def test_copies_that_fail_are_no_verdict_on_the_context(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30, copy_error=refused())
    found = proof(prover, n_ctx=4096)
    assert prover.filled == [(4096, FillMethod.COPY), (4096, FillMethod.FULL)]
    assert (found.limit_n_ctx, found.method) == (4096, FillMethod.FULL)
    assert "filled-plainly" in [note.code for note in found.measured_notes]


def test_a_context_that_cannot_be_filled_counts_as_failed(proof: Proof) -> None:
    found = proof(FakeProver(limit=20480, fill_limit=18432))
    assert found.limit_n_ctx == found.filled_tokens == 18432
    assert "being filled" in next(a.detail for a in found.attempts if a.n_ctx == 20480 and a.detail)


# ---- spilled -----------------------------------------------------------------------------------------


def card_that_lends(total_bytes: int) -> Device:
    return replace(gpu(total_bytes, 0), engine_device="Vulkan0", kind=Kind.DISCRETE)


def test_more_than_a_device_has_is_spilled_even_if_its_driver_lets_it_pass(proof: Proof) -> None:
    card = card_that_lends(BESIDE_BYTES + 10240 * TOKEN_BYTES)
    found = proof(FakeProver(limit=1 << 30), card, ram(64 * GiB))
    assert found.limit_n_ctx == 10240
    assert found.attempts[-1].outcome is Outcome.SPILLED
    assert "lies elsewhere" in found.attempts[-1].detail


def test_an_empty_context_that_writes_far_slower_than_a_small_one_is_spilled(proof: Proof) -> None:
    card = card_that_lends(64 * GiB)
    prover = FakeProver(limit=1 << 30, speed=lambda n_ctx, depth: 100.0 if n_ctx <= 12288 else 10.0)
    found = proof(prover, card, ram(64 * GiB))
    assert prover.tried[0] == 256
    assert found.limit_n_ctx == 12288
    assert {a.outcome for a in found.attempts if a.n_ctx > 12288} == {Outcome.SPILLED}


def test_a_collapse_at_depth_is_spilled(proof: Proof) -> None:
    def speed(n_ctx: int, depth: int) -> float:
        return 2.0 if depth > 9000 else 100.0

    found = proof(FakeProver(limit=1 << 30, speed=speed), n_ctx=16384)
    assert found.limit_n_ctx <= 9000
    assert Outcome.SPILLED in [attempt.outcome for attempt in found.attempts]


def test_a_collapse_that_does_not_come_again_was_a_busy_machine(proof: Proof) -> None:
    deep: list[int] = []

    def speed(n_ctx: int, depth: int) -> float:
        if depth <= 9000:
            return 100.0
        deep.append(depth)
        return 2.0 if deep.count(depth) == 1 else 100.0

    found = proof(FakeProver(limit=1 << 30, speed=speed), n_ctx=16384)
    assert found.limit_n_ctx == 16384
    assert {deep.count(depth) for depth in deep} == {2}


def test_slowing_down_with_depth_is_no_spill(proof: Proof) -> None:
    prover = FakeProver(limit=1 << 30, speed=lambda n_ctx, depth: 100.0 / (1 + depth / 256))
    assert proof(prover, n_ctx=16384).limit_n_ctx == 16384


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
