"""What the proofs of these tests run on: RAM by the token, and the ways in which an engine fails."""

from __future__ import annotations

from collections.abc import Callable

from advisor.errors import EngineDied, EngineError, EngineRefused, EngineTimeout
from advisor.hardware.device import Device
from advisor.probe.result import ProbeResult
from advisor.units import GiB, MiB
from tests.support.fake_prover import TOKEN_BYTES, WEIGHTS_BYTES
from tests.support.planning import ram

Proof = Callable[..., ProbeResult]
# As the planner of these tests counts: weights, and half a MiB of compute for each token of a ubatch.
BESIDE_BYTES = WEIGHTS_BYTES + 256 * MiB


def room_for(n_ctx: int, reserve_bytes: int = 2 * GiB) -> Device:
    return ram(BESIDE_BYTES + n_ctx * TOKEN_BYTES, reserve_bytes)


def died(signal: int) -> EngineError:
    return EngineDied(f"The engine crashed (signal {signal}).", hint="Use less.", code="engine-crashed")


def refused() -> EngineError:
    return EngineRefused(
        "llama.cpp could not have the memory.", hint="Use less.", code="engine-out-of-memory"
    )


def silent() -> EngineError:
    return EngineTimeout("The engine did not answer.", hint="Try again.")
