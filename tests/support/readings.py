"""What detectors say of a card of 24 GiB and RAM of 32, hand-made; tests `replace` what they are about."""

from __future__ import annotations

from advisor.hardware.device import Kind
from advisor.hardware.reading import Reading, Role
from advisor.units import GiB

CARD = Reading(
    sources=("nvml",),
    name="NVIDIA GeForce RTX 3090",
    vendor="nvidia",
    kind=Kind.DISCRETE,
    backend="CUDA",
    total_bytes=24 * GiB,
    free_bytes=23 * GiB,
    pci_id="0000:01:00.0",
)
RAM = Reading(
    sources=("meminfo",),
    name="RAM",
    vendor="",
    kind=Kind.CPU,
    backend="CPU",
    total_bytes=32 * GiB,
    free_bytes=20 * GiB,
    role=Role.DESKTOP_RAM,
)
