"""`Calibration`: what earlier proofs on this computer measured. Passed in, never fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Calibration:
    """This machine's own figures; every mapping may be empty.

    `overhead_bytes`: what a load takes beside its buffers, by ggml backend ("CUDA", "CPU"). `decode_share`:
    the share of a device's peak bandwidth that writing reached, by device id; of RAM whose speed is not
    known, the share of the slow RAM that stands in for it, which may be more than 1.
    `prefill_flops_per_second`: the arithmetic that reading a prompt reached, by device id. Both are of dense
    models; those with experts, whose matrices are small, have figures of their own. `n_probes`: how many
    proofs these rest on.
    """

    overhead_bytes: Mapping[str, int] = field(default_factory=dict)
    decode_share: Mapping[str, float] = field(default_factory=dict)
    prefill_flops_per_second: Mapping[str, float] = field(default_factory=dict)
    n_probes: int = 0
    expert_decode_share: Mapping[str, float] = field(default_factory=dict)
    expert_prefill_flops_per_second: Mapping[str, float] = field(default_factory=dict)


NOTHING_LEARNED = Calibration()
