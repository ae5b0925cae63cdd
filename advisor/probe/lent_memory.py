"""The RAM that Windows has lent to a process's GPUs: what its Task Manager calls shared GPU memory.

By the performance counters (PDH, by ctypes), which tell it of any process and any maker's GPU. Written from
Microsoft's headers (pdh.h, pdhmsg.h) and exercised against a made-up library; it has not run on a real
Windows machine. So every failure ends in "not told", and a spill is then only known by its slowness.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Protocol

_COUNTER = r"\GPU Process Memory(pid_{pid}_*)\Shared Usage"  # one instance for each GPU that it uses
_FORMAT_LARGE = 0x400
_MORE_DATA = 0x800007D2
_NO_DATA = frozenset({0x800007D5, 0x800007D1})  # PDH_NO_DATA, PDH_CSTATUS_NO_INSTANCE: it uses no GPU yet
_VALID = frozenset({0, 1})  # PDH_CSTATUS_VALID_DATA, PDH_CSTATUS_NEW_DATA
_MOST_BYTES = 1 << 20  # of an answer


class Pdh(Protocol):
    """The functions of pdh.dll that are used. Each returns a status, 0 for success."""

    def PdhOpenQueryW(self, *arguments: object) -> int: ...
    def PdhAddEnglishCounterW(self, *arguments: object) -> int: ...
    def PdhCollectQueryData(self, *arguments: object) -> int: ...
    def PdhGetFormattedCounterArrayW(self, *arguments: object) -> int: ...
    def PdhCloseQuery(self, *arguments: object) -> int: ...


class CounterItem(ctypes.Structure):
    """PDH_FMT_COUNTERVALUE_ITEM_W with a large value, on 64 bits."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("status", ctypes.c_uint32),
        ("value", ctypes.c_int64),
    )


def lent_bytes(pid: int | None, platform: str = sys.platform) -> int | None:
    """Bytes of RAM that the GPUs of a process have borrowed; None where nobody tells. Never raises.

    Nothing is lent to a process that is not there.
    """
    if platform != "win32":
        return None
    if pid is None:
        return 0
    try:
        library = ctypes.CDLL("pdh.dll")  # 64-bit Windows has one calling convention
    except OSError:
        return None
    return shared_usage(library, pid)


def shared_usage(library: Pdh, pid: int) -> int | None:
    """The sum over all GPUs, as the counters of this library tell it."""
    query = ctypes.c_void_p()
    if _status(library.PdhOpenQueryW(None, ctypes.c_size_t(0), ctypes.byref(query))):
        return None
    try:
        return _asked(library, query, pid)
    finally:
        library.PdhCloseQuery(query)


def _asked(library: Pdh, query: ctypes.c_void_p, pid: int) -> int | None:
    counter = ctypes.c_void_p()
    path = ctypes.c_wchar_p(_COUNTER.format(pid=pid))
    if _status(library.PdhAddEnglishCounterW(query, path, ctypes.c_size_t(0), ctypes.byref(counter))):
        return None
    status = _status(library.PdhCollectQueryData(query))
    if status == 0:
        return _sum(library, counter)
    return 0 if status in _NO_DATA else None


def _sum(library: Pdh, counter: ctypes.c_void_p) -> int | None:
    """Asked twice: for the size of the answer, and for the answer, the items and then their names."""
    size, count = ctypes.c_uint32(0), ctypes.c_uint32(0)
    asked = counter, ctypes.c_uint32(_FORMAT_LARGE), ctypes.byref(size), ctypes.byref(count)
    status = _status(library.PdhGetFormattedCounterArrayW(*asked, None))
    if status in _NO_DATA or (status == 0 and count.value == 0):
        return 0
    if status != _MORE_DATA or not 0 < size.value <= _MOST_BYTES:
        return None
    room = ctypes.create_string_buffer(size.value)
    status = _status(library.PdhGetFormattedCounterArrayW(*asked, room))
    if status or count.value * ctypes.sizeof(CounterItem) > len(room):
        return None
    items = (CounterItem * count.value).from_buffer(room)
    found: list[int] = [item.value for item in items if item.status in _VALID and item.value > 0]
    return sum(found)


def _status(answer: int) -> int:
    """ctypes takes the functions' results for signed numbers."""
    return answer & 0xFFFFFFFF
