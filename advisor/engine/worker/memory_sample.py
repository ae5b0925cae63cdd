"""What this process holds in memory now, as the system counts it."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Optional

from .native import Native

STATUS = Path("/proc/self/status")
KIB = 1024

# Resident, the part of it that is mapped file, the most it ever was, what counts against the guard.
Sample = dict[str, Optional[int]]


class ProcessMemoryCounters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of Windows' psapi.h."""

    _fields_ = [
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        ("PeakWorkingSetSize", ctypes.c_size_t),
        ("WorkingSetSize", ctypes.c_size_t),
        ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
        ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
        ("PagefileUsage", ctypes.c_size_t),
        ("PeakPagefileUsage", ctypes.c_size_t),
    ]


class ResourceUsage(ctypes.Structure):
    """struct rusage_info_v0 of macOS's sys/resource.h."""

    _fields_ = [
        ("uuid", ctypes.c_uint8 * 16),
        ("times_and_wakeups", ctypes.c_uint64 * 4),
        ("pageins", ctypes.c_uint64),
        ("wired_size", ctypes.c_uint64),
        ("resident_size", ctypes.c_uint64),
        ("phys_footprint", ctypes.c_uint64),
        ("start_and_exit", ctypes.c_uint64 * 2),
    ]


def sample() -> Sample:
    """The four figures in bytes, each None where this system does not tell it."""
    if sys.platform == "win32":
        return _on_windows()
    if sys.platform == "darwin":
        return _on_macos()
    return _of_status()


def own_bytes(now: Sample) -> int | None:
    """What is resident and no mapped file, as far as the system tells the two apart."""
    rss = now["rss_bytes"]
    return None if rss is None else rss - (now["mapped_bytes"] or 0)


class Growth:
    """How much more of its own this process holds than at the first look."""

    def __init__(self) -> None:
        self._looks: list[int] = []

    def look(self) -> None:
        now = own_bytes(sample())
        if now is not None:
            self._looks.append(now)

    @property
    def n_bytes(self) -> int | None:
        """None where the system does not tell."""
        return max(self._looks) - self._looks[0] if self._looks else None


def begin_anew() -> None:
    """Gives freed memory back to the system, and lets the peak begin at what is resident now (Linux).

    The C library keeps what earlier contexts have freed; and see proc(5), clear_refs.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # a C library without it
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _of_status() -> Sample:
    try:
        text = STATUS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return _figures()
    found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def kib(name: str) -> int | None:
        words = found.get(name, "").split()
        return int(words[0]) * KIB if words and words[0].isdigit() else None

    return _figures(kib("VmRSS"), kib("RssFile"), kib("VmHWM"), kib("VmData"))


def _on_windows() -> Sample:
    loader: Native = ctypes
    kernel = loader.WinDLL("kernel32")
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    ask = kernel.K32GetProcessMemoryInfo
    ask.argtypes = [ctypes.c_void_p, ctypes.POINTER(ProcessMemoryCounters), ctypes.c_uint32]
    counters = ProcessMemoryCounters()
    if not ask(kernel.GetCurrentProcess(), ctypes.byref(counters), ctypes.sizeof(counters)):
        return _figures()
    # Windows limits what is committed, not what is resident.
    return _figures(counters.WorkingSetSize, None, counters.PeakWorkingSetSize, counters.PagefileUsage)


def _on_macos() -> Sample:
    usage = ResourceUsage()
    try:
        ask = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pid_rusage
    except (OSError, AttributeError):
        return _figures()
    if ask(os.getpid(), 0, ctypes.byref(usage)) != 0:
        return _figures()
    return _figures(usage.resident_size, None, None, usage.phys_footprint)


def _figures(
    rss: int | None = None,
    mapped: int | None = None,
    peak: int | None = None,
    data: int | None = None,
) -> Sample:
    return {"rss_bytes": rss, "mapped_bytes": mapped, "peak_rss_bytes": peak, "data_bytes": data}
