"""The RAM: what this process may really take of it, limits of containers included. Swap is not memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from advisor.basis import Note
from advisor.hardware.detectors.cgroup import memory_limit
from advisor.hardware.detectors.kernel_files import is_there, read_text, whole_number
from advisor.hardware.device import Kind
from advisor.hardware.reading import Detection, Reading, Role
from advisor.units import KiB, format_bytes

_CONTAINER_MARKS = (".dockerenv", "run/.containerenv", "run/systemd/container")


@dataclass(frozen=True, slots=True)
class VirtualMemory:
    """The system's own account of the RAM; `wired_bytes` is macOS's memory that cannot be moved."""

    total_bytes: int
    available_bytes: int
    wired_bytes: int = 0


def read_virtual_memory() -> VirtualMemory:
    """What macOS or Windows says, through psutil (imported here: it is slow to load). Raises OSError."""
    import psutil

    try:
        memory = psutil.virtual_memory()
    except (psutil.Error, RuntimeError) as error:
        raise OSError(f"the system does not tell its memory: {error}") from error
    return VirtualMemory(memory.total, memory.available, getattr(memory, "wired", 0))


def detect(
    root: Path = Path("/"),
    *,
    platform: str = sys.platform,
    virtual_memory: Callable[[], VirtualMemory] = read_virtual_memory,
) -> Detection:
    """The RAM as one reading. On Linux from /proc and the control groups, elsewhere from the system.

    Never raises.
    """
    return Detection((_linux(root) if platform == "linux" else _other(virtual_memory),))


def is_wsl(root: Path) -> bool:
    """True inside the Windows Subsystem for Linux."""
    return "microsoft" in (read_text(root / "proc/sys/kernel/osrelease") or "").lower()


def _other(virtual_memory: Callable[[], VirtualMemory]) -> Reading:
    try:
        memory = virtual_memory()
    except OSError:
        return _reading(None, None, Role.DESKTOP_RAM, ("system",), ())
    return _reading(memory.total_bytes, memory.available_bytes, Role.DESKTOP_RAM, ("system",), ())


def _linux(root: Path) -> Reading:
    total, available = _meminfo(root)
    notes: list[Note] = []
    sources = ["meminfo"]
    role = Role.DESKTOP_RAM
    if any(is_there(root / mark) for mark in _CONTAINER_MARKS):
        role = Role.CONTAINER_RAM
    limit = memory_limit(root)
    if limit and (total is None or limit.limit_bytes < total):
        sources.append("cgroup")
        notes.append(_limit_note(limit.limit_bytes, total))
        if available is None or limit.available_bytes < available:
            available = limit.available_bytes
            role = Role.CONTAINER_RAM
        total = limit.limit_bytes
    if is_wsl(root):
        notes.append(
            Note(
                "wsl",
                "WSL sees only the RAM that Windows lends it, half by default. "
                'Raise "memory=" in .wslconfig to lend more.',
            )
        )
    return _reading(total, available, role, tuple(sources), tuple(notes))


def _limit_note(limit_bytes: int, total_bytes: int | None) -> Note:
    of = f" of this computer's {format_bytes(total_bytes)}" if total_bytes else ""
    return Note("memory-limit", f"A control group limits this session to {format_bytes(limit_bytes)}{of}.")


def _meminfo(root: Path) -> tuple[int | None, int | None]:
    """(total, available) bytes from /proc/meminfo; kernels before 3.14 have no MemAvailable."""
    values: dict[str, int] = {}
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        key, _, rest = line.partition(":")
        number = whole_number(next(iter(rest.split()), None))
        if number is not None:
            values[key] = number * KiB
    total = values.get("MemTotal")
    available = values.get("MemAvailable")
    if available is None and "MemFree" in values:
        available = max(0, values["MemFree"] + values.get("Cached", 0) - values.get("Shmem", 0))
    return total, available


def _reading(
    total: int | None, available: int | None, role: Role, sources: tuple[str, ...], notes: tuple[Note, ...]
) -> Reading:
    return Reading(
        sources=sources,
        name="RAM",
        vendor="",
        kind=Kind.CPU,
        backend="CPU",
        total_bytes=total,
        free_bytes=available,
        role=role,
        notes=notes,
    )
