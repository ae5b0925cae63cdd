"""`Reading`: what one detector saw of one memory, before any reserve; `Detection`: all it saw.

Detectors only report. Clamping, reserves and merging happen once, in `accounting`, for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from advisor.basis import Note
from advisor.hardware.device import Holder, Kind
from advisor.units import TiB, format_bytes

# No memory of one device is this large. A driver that says so returned -1 or garbage.
ABSURD_BYTES = 64 * TiB

LYING_DRIVER = Note(
    "driver-figure-corrected",
    "The driver's figure for the free memory is impossible and was corrected.",
)


class Role(StrEnum):
    """What else a memory is used for; decides how much of it stays reserved (`reserve`)."""

    COMPUTE = "compute"  # a GPU without a display
    DISPLAY = "display"
    WDDM = "wddm"  # Windows' display driver model: the system manages the memory
    SHARED = "shared"  # a GPU that works in the RAM
    METAL = "metal"
    DESKTOP_RAM = "desktop-ram"
    CONTAINER_RAM = "container-ram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One memory as one detector saw it. None: the driver does not tell.

    `total_bytes` and `free_bytes` are the device's own memory; `shared_*` is what it may borrow from the
    RAM beside that. Values are the driver's, unchecked.
    """

    sources: tuple[str, ...]
    name: str
    vendor: str
    kind: Kind
    backend: str
    total_bytes: int | None
    free_bytes: int | None
    shared_total_bytes: int = 0
    shared_free_bytes: int = 0
    reserved_by_driver_bytes: int | None = None
    budget_bytes: int | None = None  # what Windows grants this process in the device's own memory
    pci_id: str | None = None
    role: Role | None = None  # None: decided by `display_active`
    display_active: bool | None = None
    bandwidth_bytes_per_second: int | None = None
    compute_capability: tuple[int, int] | None = None
    multiprocessors: int | None = None
    gpu_cores: int | None = None
    holders: tuple[Holder, ...] = ()
    trouble: bool = False  # the driver failed to answer for it: nothing may be assumed in its place
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """What one detector found, and what it has to say about the computer as a whole."""

    readings: tuple[Reading, ...] = ()
    findings: tuple[Note, ...] = ()
    cuda_version: tuple[int, int] | None = None


def plausible_total(n_bytes: int | None) -> int | None:
    """A device's size, or None where the driver does not tell or the value cannot be one."""
    if n_bytes is None or not 0 < n_bytes < ABSURD_BYTES:
        return None
    return n_bytes


def clamp_free(total_bytes: int, free_bytes: int) -> tuple[int, bool]:
    """Free memory brought into 0..total, and whether the driver's figure had to be changed.

    Drivers compute "budget - used" without a sign, so a value beyond any memory is a wrapped negative:
    nothing is free. One that merely exceeds the total is cut to it.
    """
    if free_bytes < 0 or free_bytes >= ABSURD_BYTES:
        return 0, True
    return min(free_bytes, total_bytes), free_bytes > total_bytes


def processor_graphics(reading: Reading) -> Reading:
    """The same reading, now that it is known to be part of a processor.

    Its own memory is carved out of the RAM by the firmware and no longer counted as RAM; beside it, it
    borrows from the RAM (GTT). Strix Halo comes in both shapes: where the carve-out is the larger part, it
    is a memory of its own like a card's, and borrowing is left aside.
    """
    own = reading.total_bytes or 0
    if own > reading.shared_total_bytes:
        text = (
            f"{format_bytes(own)} of this computer's memory are set aside for the GPU by the firmware; "
            "the RAM is counted without them."
        )
        return replace(reading, kind=Kind.DISCRETE, notes=(*reading.notes, Note("carve-out", text)))
    return replace(reading, kind=Kind.INTEGRATED)


def with_budgets(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """The readings with each NVIDIA card once: what its driver says, and Windows' budget where it is tighter.

    The two name cards alike and have no address in common, so the first of a name is the first of the other.
    """
    twins = [reading for reading in readings if _is_twin(reading)]
    joined: list[Reading] = []
    for reading in readings:
        twin = next((twin for twin in twins if twin.name == reading.name), None)
        if reading.sources == ("nvml",) and twin is not None:
            twins.remove(twin)
            joined.append(_with_budget(reading, twin))
        elif not _is_twin(reading):
            joined.append(reading)
    return (*joined, *twins)


def _is_twin(reading: Reading) -> bool:
    return reading.sources == ("dxgi",) and reading.vendor == "nvidia"


def _with_budget(reading: Reading, twin: Reading) -> Reading:
    known = [free for free in (reading.free_bytes, twin.free_bytes) if free is not None]
    return replace(
        reading,
        sources=("nvml", "dxgi"),
        free_bytes=min(known, default=None),
        budget_bytes=twin.budget_bytes,
    )
