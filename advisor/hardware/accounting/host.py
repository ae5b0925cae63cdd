"""The RAM: as a device of its own, and as GPUs that borrow from it see it."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.basis import Note
from advisor.hardware.device import Device, Kind
from advisor.hardware.reading import Reading, Role, clamp_free, plausible_total
from advisor.hardware.reserve import Reserve, default_reserve_bytes
from advisor.units import GiB

# What a desktop system holds with nothing open. An assumption, used only for "if you close other programs".
IDLE_SYSTEM_BYTES = 2 * GiB


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
