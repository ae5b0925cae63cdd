"""A GPU with memory of its own: usable = free - reserve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.basis import Note
from advisor.hardware.device import Device, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import LYING_DRIVER, Reading, Role, clamp_free, plausible_total
from advisor.hardware.reserve import Reserve, default_reserve_bytes
from advisor.units import format_bytes

if TYPE_CHECKING:  # the table is loaded only where there is a GPU
    from advisor.hardware.gpu_table import KnownGpu

# What drivers keep of a card for themselves where they do not tell: 0.7 to 1.9 % in published logs.
DRIVER_SHARE = 50


def own_memory(
    reading: Reading, engine: EngineDevice | None, known: KnownGpu | None, reserve: Reserve, id_: str
) -> Device:
    """The device for a card. A figure that nobody tells is looked up or left unknown, each with a note."""
    notes = list(reading.notes)
    total = plausible_total(reading.total_bytes) or plausible_total(engine.total_bytes if engine else None)
    if total is None and known and known.memory_bytes and not reading.trouble:
        total = known.memory_bytes
        text = f"The driver does not tell its size; {format_bytes(total)} is that of {known.name}."
        notes.append(Note("total-assumed", text))
    if total is None and not reading.trouble:
        text = "The driver does not tell how much memory this GPU has. Plan for it with --vram."
        notes.append(Note("total-unknown", text))
    total = total or 0
    free: int | None = reading.free_bytes
    if free is None and engine is not None and not reading.trouble:
        free = engine.known_free_bytes
    if not total:
        free = None
    if free is not None:
        free, corrected = clamp_free(total, free)
        if corrected:
            notes.append(LYING_DRIVER)
    elif total:
        notes.append(Note("free-unknown", "The driver does not tell how much of this memory is free."))
    role = reading.role or (Role.DISPLAY if reading.display_active else Role.COMPUTE)
    kept = (
        default_reserve_bytes(
            role, total, budget_bytes=plausible_total(reading.budget_bytes), free_known=free is not None
        )
        if reserve.is_auto
        else reserve.of(total)
    )
    by_driver = _reserved_by_driver(reading, engine, total)
    usable = max(0, (total if free is None else free) - kept)
    best = total - (total // DRIVER_SHARE if by_driver is None else by_driver) - kept
    return Device(
        id=id_,
        name=reading.name,
        vendor=reading.vendor,
        kind=Kind.DISCRETE,
        backend=reading.backend,
        total_bytes=total,
        free_bytes=free,
        reserve_bytes=kept,
        usable_if_others_closed_bytes=max(usable, best),
        engine_device=engine.name if engine else None,
        pci_id=reading.pci_id,
        reserved_by_driver_bytes=by_driver,
        display_active=bool(reading.display_active),
        holders=reading.holders,
        sources=reading.sources,
        notes=tuple(notes),
        wddm=role is Role.WDDM,
        compute_capability=reading.compute_capability,
    )


def _reserved_by_driver(reading: Reading, engine: EngineDevice | None, total: int) -> int | None:
    """What the driver keeps for itself: as it says, or what CUDA cannot see of the card, if that is more."""
    said = reading.reserved_by_driver_bytes
    hidden = total - engine.total_bytes if engine and reading.vendor == "nvidia" else None
    plausible = [n for n in (said, hidden) if n is not None and 0 <= n <= total // 4]
    return max(plausible, default=None)
