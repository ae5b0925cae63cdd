"""The proof as a whole: the limit that it finds, and how it is filled."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import FillMethod
from advisor.errors import (
    EngineDied,
    EngineError,
)
from advisor.memory.overhead import host_overhead
from advisor.model.facts import ModelFacts
from advisor.probe.result import BoundBy, Outcome
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support.fake_prover import TOKEN_BYTES, WEIGHTS_BYTES, FakeProver, out_of_memory
from tests.support.planning import gpu, ram
from tests.support.probe_ground import BESIDE_BYTES, Proof, died, refused, room_for, silent

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
