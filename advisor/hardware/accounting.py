"""From readings to devices: the one place where free, reserve and usable memory are computed.

    card:           usable = free - reserve
    shared memory:  usable = own free + min(what it may borrow, RAM available - the RAM's reserve)
    RAM:            usable = available - reserve

What a load costs beside its buffers (the driver's context) is part of the plan and not subtracted here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.basis import Note
from advisor.hardware.device import Device, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import Reading, Role, clamp_free, plausible_total, processor_graphics
from advisor.hardware.reserve import Reserve, default_reserve_bytes
from advisor.units import GiB, MiB, format_bytes

if TYPE_CHECKING:  # the table is loaded only where there is a GPU
    from advisor.hardware.gpu_table import KnownGpu

# What a desktop system holds with nothing open. An assumption, used only for "if you close other programs".
IDLE_SYSTEM_BYTES = 2 * GiB
# What drivers keep of a card for themselves where they do not tell: 0.7 to 1.9 % in published logs.
DRIVER_SHARE = 50
# Even where RAM is plentiful, a display may work in the same borrowed memory.
_SHARED_RESERVE_BYTES = 512 * MiB

_LYING_DRIVER = Note(
    "driver-figure-corrected",
    "The driver's figure for the free memory is impossible and was corrected.",
)


@dataclass(frozen=True, slots=True)
class Host:
    """The RAM as GPUs that borrow from it need it. `reserve_bytes` is the default, whatever the user set."""

    total_bytes: int
    available_bytes: int | None
    idle_bytes: int
    reserve_bytes: int


def host_of(reading: Reading) -> Host:
    """The RAM that a GPU may borrow from."""
    total = plausible_total(reading.total_bytes) or 0
    role = reading.role or Role.DESKTOP_RAM
    available = None if reading.free_bytes is None else clamp_free(total, reading.free_bytes)[0]
    idle = 0 if role is Role.CONTAINER_RAM else IDLE_SYSTEM_BYTES
    return Host(total, available, idle, default_reserve_bytes(role, total))


def ram_device(reading: Reading, reserve: Reserve, bandwidth_bytes_per_second: int | None = None) -> Device:
    """The RAM as a device. `bandwidth_bytes_per_second`: that of a chip which shares it, where known."""
    host = host_of(reading)
    notes = list(reading.notes)
    if not host.total_bytes:
        notes.append(Note("ram-unreadable", "The system does not tell how much RAM there is."))
    kept = host.reserve_bytes if reserve.is_auto else reserve.of(host.total_bytes)
    free = host.available_bytes
    usable = max(0, (host.total_bytes if free is None else free) - kept)
    return Device(
        id="ram",
        name=reading.name,
        vendor="",
        kind=Kind.CPU,
        backend="CPU",
        total_bytes=host.total_bytes,
        free_bytes=free,
        reserve_bytes=kept,
        usable_if_others_closed_bytes=max(usable, host.total_bytes - host.idle_bytes - kept),
        bandwidth_bytes_per_second=bandwidth_bytes_per_second,
        engine_device="CPU",
        sources=reading.sources,
        notes=tuple(notes),
    )


def gpu_device(
    reading: Reading,
    engine: EngineDevice | None,
    known: KnownGpu | None,
    host: Host,
    reserve: Reserve,
    id_: str,
) -> Device:
    """A GPU as a device, from what its driver, the engine and the table of known GPUs say."""
    reading = _settle_kind(reading, engine, known)
    device = (
        _own_memory(reading, engine, known, reserve, id_)
        if reading.kind is Kind.DISCRETE
        else _shared_memory(reading, engine, host, reserve, id_)
    )
    notes = list(device.notes)
    bandwidth = reading.bandwidth_bytes_per_second
    if bandwidth is None and known is not None:
        bandwidth = known.bandwidth_bytes_per_second
        notes.append(Note("bandwidth-from-table", f"The bandwidth is the published one of {known.name}."))
    return replace(
        device,
        bandwidth_bytes_per_second=bandwidth,
        multiprocessors=reading.multiprocessors or (known.multiprocessors if known else None),
        prefill_flops_per_second=known.prefill_flops_per_second if known else None,
        notes=tuple(notes),
    )


def _settle_kind(reading: Reading, engine: EngineDevice | None, known: KnownGpu | None) -> Reading:
    """The engine or the table may know that a GPU works in the RAM where its driver did not say so."""
    shares = (engine is not None and engine.kind == "igpu") or (
        known is not None and known.kind is not Kind.DISCRETE
    )
    if reading.kind is not Kind.DISCRETE or not shares or reading.trouble:
        return reading
    if reading.shared_total_bytes:
        return processor_graphics(reading)
    return replace(
        reading,
        kind=Kind.UNIFIED if reading.vendor == "nvidia" else Kind.INTEGRATED,
        total_bytes=None,
        free_bytes=None,
        shared_total_bytes=reading.total_bytes or 0,
        shared_free_bytes=reading.total_bytes or 0,
    )


def _own_memory(
    reading: Reading, engine: EngineDevice | None, known: KnownGpu | None, reserve: Reserve, id_: str
) -> Device:
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
            notes.append(_LYING_DRIVER)
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


def _shared_memory(
    reading: Reading, engine: EngineDevice | None, host: Host, reserve: Reserve, id_: str
) -> Device:
    notes = list(reading.notes)
    own_total = plausible_total(reading.total_bytes) or 0
    own_free, corrected = clamp_free(own_total, reading.free_bytes or 0)
    shared_total, shared_free = _borrowable(reading, engine, host)
    available = host.available_bytes
    if available is None:
        notes.append(Note("free-unknown", "The system does not tell how much RAM is available."))
    if corrected:
        notes.append(_LYING_DRIVER)
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
