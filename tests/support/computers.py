"""Whole computers made by hand, with everything that a driver may tell: for the computer's page."""

from __future__ import annotations

from dataclasses import replace

from advisor.basis import Note
from advisor.hardware.device import Device, Hardware, Holder
from advisor.hardware.engine_devices import cpu_only_sentence
from advisor.units import GiB, MiB
from tests.support import answers

OLLAMA = Holder("Ollama", 3_600 * MiB, "ollama stop llama3.1:8b")
DESKTOP = (Holder("Xorg", 210 * MiB), Holder("gnome-shell", 160 * MiB), Holder("firefox", None))


def ram() -> Device:
    return replace(answers.ram(), sources=("meminfo",), usable_if_others_closed_bytes=27 * GiB)


def card(index: int = 0, name: str = "NVIDIA GeForce RTX 4070", *, used: bool = True) -> Device:
    """A card with a desktop on it, of which the driver tells everything."""
    return replace(
        answers.gpu(index, name, total=12282 * MiB, free=7_650 * MiB),
        holders=(OLLAMA, *DESKTOP),
        reserved_by_driver_bytes=225 * MiB,
        usable_if_others_closed_bytes=(12282 - 225 - 1024) * MiB,
        bandwidth_bytes_per_second=504_000_000_000,
        engine_device=f"CUDA{index}" if used else None,
        display_active=True,
        sources=("nvml", "ggml") if used else ("nvml",),
        notes=(Note("bandwidth-from-table", "The bandwidth is the published one of GeForce RTX 4070."),),
        compute_capability=(8, 9),
    )


def cpu_only_build() -> Hardware:
    """The most common trouble: a card, and an engine that was built for the CPU alone."""
    gpu = card(used=False)
    note = Note("cpu-only-build", cpu_only_sentence(gpu.name))
    return Hardware((gpu, ram()), (note,), cuda_version=(12, 4))


def two_cards() -> Hardware:
    """One with everything told, beside one of whose use nothing is known."""
    other = replace(
        card(1, "NVIDIA RTX 6000 Ada Generation with a very long product name, Workstation Edition"),
        total_bytes=48 * GiB,
        free_bytes=None,
        holders=(),
        reserved_by_driver_bytes=None,
        bandwidth_bytes_per_second=None,
        usable_if_others_closed_bytes=46 * GiB,
        notes=(Note("free-unknown", "The driver does not tell how much of this memory is free."),),
    )
    return Hardware((card(), other, ram()), cuda_version=(12, 4))


def ram_only() -> Hardware:
    """A computer without a GPU: nothing is wrong with it."""
    return Hardware((ram(),))
