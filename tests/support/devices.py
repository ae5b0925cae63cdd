"""A computer with 32 GiB and its card with 12 GiB, hand-made; tests `replace` what they are about."""

from __future__ import annotations

from advisor.hardware.device import Device, Hardware, Kind
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


def check_figures(hardware: Hardware) -> None:
    """Fails for figures that contradict one another, whatever the drivers said."""
    for device in hardware.devices:
        assert 0 <= device.usable_bytes <= device.usable_if_others_closed_bytes <= device.total_bytes
        assert 0 <= device.reserve_bytes <= device.total_bytes
        assert device.free_bytes is None or 0 <= device.free_bytes <= device.total_bytes
        assert device.bandwidth_bytes_per_second is None or device.bandwidth_bytes_per_second > 0
