"""A process in which a GPU's driver built its kernels holds what the next one will not: that takes over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from advisor.hardware.device import Device, Kind
from advisor.probe.loading import WITHOUT_BUILDING_BYTES
from advisor.probe.prediction import BESIDE_BUFFERS_BYTES
from advisor.probe.result import ProbeResult
from advisor.units import GiB, MiB
from tests.support.fake_prover import TOKEN_BYTES, FakeProver, out_of_memory
from tests.support.planning import gpu, ram
from tests.support.probe_ground import BESIDE_BYTES, Proof

LIMIT = 20480
GUARD_BYTES = BESIDE_BYTES + LIMIT * TOKEN_BYTES + BESIDE_BUFFERS_BYTES
COLD_BYTES = 400 * MiB
RAM = ram(64 * GiB)
GPU = replace(gpu(64 * GiB, 0), engine_device="Vulkan0", kind=Kind.INTEGRATED)  # works in the RAM


@dataclass
class Calls:
    """What was asked of the prover, in turn; the first `n_failing` loads do not fit."""

    n_failing: int = 0
    made: list[str] = field(default_factory=list)

    def __call__(self, call: str) -> None:
        self.made.append(call)
        if call == "load" and self.made.count("load") <= self.n_failing:
            raise out_of_memory()

    @property
    def n_loads_at_first(self) -> int:
        return self.made.index("allocate")


def proved(
    proof: Proof, *kernels_bytes: int, devices: tuple[Device, ...] = (GPU, RAM), n_ctx: int | None = None
) -> tuple[ProbeResult, Calls]:
    """The result, and the calls that it took."""
    calls = Calls()
    prover = FakeProver(limit=LIMIT, guard_bytes=GUARD_BYTES, kernels_bytes=kernels_bytes, during=calls)
    return proof(prover, *devices, n_ctx=n_ctx), calls


def tells_of_kernels(found: ProbeResult) -> bool:
    return "kernels-built" in [note.code for note in found.measured_notes]


def test_kernels_that_were_built_do_not_count_as_the_contexts(proof: Proof) -> None:
    found, calls = proved(proof, COLD_BYTES)
    plain, plain_calls = proved(proof)
    assert found.limit_n_ctx == plain.limit_n_ctx == LIMIT
    assert calls.made[1:] == plain_calls.made  # one load more, and no attempt was lost to it
    assert tells_of_kernels(found)
    assert not tells_of_kernels(plain)


def test_a_driver_that_keeps_no_kernels_is_not_asked_for_ever(proof: Proof) -> None:
    found, calls = proved(proof, *[COLD_BYTES] * 9)
    assert found.limit_n_ctx > 0
    assert calls.n_loads_at_first == 2


@pytest.mark.parametrize("n_bytes", [0, WITHOUT_BUILDING_BYTES])
def test_threads_and_pools_are_no_reason_to_load_again(proof: Proof, n_bytes: int) -> None:
    assert proved(proof, n_bytes)[1].n_loads_at_first == 1


def test_where_there_is_enough_beside_them_nothing_is_loaded_again(proof: Proof) -> None:
    assert proved(proof, COLD_BYTES, n_ctx=4096)[1].n_loads_at_first == 1


def test_without_a_gpu_there_are_none(proof: Proof) -> None:
    assert proved(proof, COLD_BYTES, devices=(RAM,))[1].n_loads_at_first == 1


@pytest.mark.parametrize("n_failing", [1, 2])
def test_a_load_that_did_not_fit_while_they_were_built_is_tried_again(proof: Proof, n_failing: int) -> None:
    calls = Calls(n_failing)
    prover = FakeProver(limit=LIMIT, guard_bytes=GUARD_BYTES, during=calls)
    assert proof(prover, GPU, RAM).limit_n_ctx == LIMIT
    assert calls.n_loads_at_first == n_failing + 1
