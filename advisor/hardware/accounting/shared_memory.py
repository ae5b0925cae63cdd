"""A GPU that works in the RAM.

usable = own free + min(what it may borrow, RAM available - the RAM's reserve)
"""

from __future__ import annotations

from advisor.basis import Note
from advisor.hardware.accounting.host import Host
from advisor.hardware.device import Device
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import LYING_DRIVER, Reading, Role, clamp_free, plausible_total
from advisor.hardware.reserve import Reserve
from advisor.units import MiB

# Even where RAM is plentiful, a display may work in the same borrowed memory.
_SHARED_RESERVE_BYTES = 512 * MiB


def shared_memory(
    reading: Reading, engine: EngineDevice | None, host: Host, reserve: Reserve, id_: str
) -> Device:
    """The device for graphics of a processor, a unified chip, or a program that imitates a GPU."""
    notes = list(reading.notes)
    own_total = plausible_total(reading.total_bytes) or 0
    own_free, corrected = clamp_free(own_total, reading.free_bytes or 0)
    shared_total, shared_free = _borrowable(reading, engine, host)
    available = host.available_bytes
    if available is None:
        notes.append(Note("free-unknown", "The system does not tell how much RAM is available."))
    if corrected:
        notes.append(LYING_DRIVER)
    now = host.total_bytes if available is None else available
    idle = max(now, host.total_bytes - host.idle_bytes)
    # Metal's limit already leaves the system its part.
    host_reserve = 0 if reading.role is Role.METAL else host.reserve_bytes
    total = own_total + shared_total
    free = own_free + min(shared_free, now)
    best = own_total + min(shared_total, idle)
    # Where free is unknown, usable counts from the total (Device.usable_bytes).
    counted = total if available is None else free
    if reserve.is_auto:
        usable = _usable_shared(own_free, shared_free, now, host_reserve)
        usable_best = _usable_shared(own_total, shared_total, idle, host_reserve)
        kept = counted - usable
    else:
        kept = reserve.of(total)
        usable, usable_best = max(0, counted - kept), max(0, best - kept)
    return Device(
        id=id_,
        name=reading.name,
        vendor=reading.vendor,
        kind=reading.kind,
        backend=reading.backend,
        total_bytes=total,
        free_bytes=None if available is None else free,
        reserve_bytes=kept,
        usable_if_others_closed_bytes=max(usable, usable_best),
        engine_device=engine.name if engine else None,
        pci_id=reading.pci_id,
        display_active=bool(reading.display_active),
        holders=reading.holders,
        sources=reading.sources,
        notes=tuple(notes),
        compute_capability=reading.compute_capability,
    )


def _usable_shared(own: int, shared: int, available: int, host_reserve: int) -> int:
    """What is left of the GPU's own part and of what it may borrow, with the RAM's reserve untouched."""
    borrowable = min(shared, max(0, available - host_reserve))
    free = own + min(shared, available)
    return max(0, min(own + borrowable, free - _SHARED_RESERVE_BYTES))


def _borrowable(reading: Reading, engine: EngineDevice | None, host: Host) -> tuple[int, int]:
    """(total, free) of the part that the GPU borrows: by its driver, else by the engine, else all RAM."""
    total = plausible_total(reading.shared_total_bytes)
    asked = plausible_total(engine.total_bytes if engine else None)
    if total is not None:
        free = clamp_free(total, reading.shared_free_bytes)[0]
        if reading.role is Role.METAL and asked is not None:
            # The engine asks Metal for the limit itself; ours is a rule.
            total, free = asked, max(0, free + asked - total)
    else:
        total = free = asked or host.total_bytes
    total = min(total, host.total_bytes)
    return total, min(free, total)
