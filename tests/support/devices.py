"""A computer with 32 GiB and its card with 12 GiB, hand-made; tests `replace` what they are about."""

from __future__ import annotations

from advisor.hardware.device import Device, Kind
from advisor.units import GiB

RAM = Device(
    id="ram",
    name="RAM",
    vendor="",
    kind=Kind.CPU,
    backend="CPU",
    total_bytes=32 * GiB,
    free_bytes=20 * GiB,
    reserve_bytes=3 * GiB,
    usable_if_others_closed_bytes=27 * GiB,
    engine_device="CPU",
)
# Without the engine's name for it: an engine that cannot use it.
CARD = Device(
    id="nvidia:0",
    name="NVIDIA GeForce RTX 4070",
    vendor="nvidia",
    kind=Kind.DISCRETE,
    backend="CUDA",
    total_bytes=12 * GiB,
    free_bytes=12 * GiB,
    reserve_bytes=GiB,
    usable_if_others_closed_bytes=10 * GiB,
)
