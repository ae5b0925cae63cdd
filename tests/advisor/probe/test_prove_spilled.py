"""What looked like success in a proof and was none."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Device, Kind
from advisor.probe.result import Outcome
from advisor.units import GiB
from tests.support.fake_prover import TOKEN_BYTES, FakeProver
from tests.support.planning import gpu, ram
from tests.support.probe_ground import BESIDE_BYTES, Proof


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


def test_a_context_that_is_slow_but_once_was_met_by_a_busy_machine(proof: Proof) -> None:
    asked: list[int] = []

    def speed(n_ctx: int, depth: int) -> float:
        asked.append(n_ctx)
        return 10.0 if n_ctx > 256 and asked.count(n_ctx) == 1 else 100.0

    prover = FakeProver(limit=1 << 30, speed=speed)
    found = proof(prover, card_that_lends(64 * GiB), ram(64 * GiB))
    assert {attempt.outcome for attempt in found.attempts} == {Outcome.OK}
    assert prover.tried[:4] == [256, found.limit_n_ctx, 256, found.limit_n_ctx]


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
