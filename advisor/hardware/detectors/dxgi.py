"""Windows' graphics adapters as the system itself counts them (DXGI, by ctypes), and the registry's sizes.

Written from Microsoft's headers and exercised on Linux against a made-up COM object; it has not run on a
real Windows machine. So every failure ends in "no adapters", and the caller goes on without them.
"""

from __future__ import annotations

import ctypes
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

# dxgi.h, dxgi1_4.h: interface ids, slots in the interfaces' method tables, flags.
_IID_FACTORY1 = uuid.UUID("770aae78-f26f-4dba-a829-253c83d1b387")
_IID_ADAPTER3 = uuid.UUID("645967a4-1392-4310-a798-8053ce3e93fd")
_QUERY_INTERFACE = 0
_RELEASE = 2
_ENUM_ADAPTERS1 = 12
_GET_DESC1 = 10
_QUERY_VIDEO_MEMORY_INFO = 14
_SOFTWARE_ADAPTER = 2
_SEGMENT_LOCAL = 0
_MAX_ADAPTERS = 32

_DISPLAY_CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter. `budget_bytes` is what the system grants this process in the adapter's local memory now,
    `usage_bytes` what it already uses of that; both None where the system does not tell."""

    name: str
    vendor_id: int
    dedicated_bytes: int
    shared_bytes: int
    budget_bytes: int | None = None
    usage_bytes: int | None = None


class _Guid(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_ubyte * 16),)


class AdapterDescription(ctypes.Structure):
    """DXGI_ADAPTER_DESC1."""

    _fields_ = (
        ("description", ctypes.c_uint16 * 128),
        ("vendor_id", ctypes.c_uint32),
        ("device_id", ctypes.c_uint32),
        ("subsystem_id", ctypes.c_uint32),
        ("revision", ctypes.c_uint32),
        ("dedicated_video_bytes", ctypes.c_size_t),
        ("dedicated_system_bytes", ctypes.c_size_t),
        ("shared_system_bytes", ctypes.c_size_t),
        ("luid_low", ctypes.c_uint32),
        ("luid_high", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    )


class VideoMemoryInfo(ctypes.Structure):
    """DXGI_QUERY_VIDEO_MEMORY_INFO."""

    _fields_ = (
        ("budget", ctypes.c_uint64),
        ("current_usage", ctypes.c_uint64),
        ("available_for_reservation", ctypes.c_uint64),
        ("current_reservation", ctypes.c_uint64),
    )


def read_adapters() -> tuple[Adapter, ...]:
    """The hardware adapters of this Windows machine. Raises OSError if DXGI is not there."""
    try:
        create = ctypes.CDLL("dxgi.dll").CreateDXGIFactory1  # 64-bit Windows has one calling convention
    except AttributeError as error:
        raise OSError(f"dxgi.dll is of another kind: {error}") from error
    factory = ctypes.c_void_p()
    iid = _guid(_IID_FACTORY1)
    result = create(ctypes.byref(iid), ctypes.byref(factory))
    if result < 0 or not factory.value:
        raise OSError(f"CreateDXGIFactory1 failed: {result & 0xFFFFFFFF:#x}")
    try:
        return tuple(adapters(factory.value))
    finally:
        _call(factory.value, _RELEASE)


def adapters(factory: int) -> Iterator[Adapter]:
    """The hardware adapters that an IDXGIFactory1 at this address lists."""
    for index in range(_MAX_ADAPTERS):
        adapter = ctypes.c_void_p()
        if _call(factory, _ENUM_ADAPTERS1, ctypes.c_uint32(index), ctypes.byref(adapter)) != 0:
            return
        if not adapter.value:
            return
        try:
            description = AdapterDescription()
            if _call(adapter.value, _GET_DESC1, ctypes.byref(description)) != 0:
                continue
            if description.flags & _SOFTWARE_ADAPTER:
                continue
            memory = _local_memory(adapter.value)
            yield Adapter(
                name=bytes(description.description).decode("utf-16-le", "replace").split("\0")[0].strip(),
                vendor_id=description.vendor_id,
                dedicated_bytes=description.dedicated_video_bytes,
                shared_bytes=description.shared_system_bytes,
                budget_bytes=memory.budget if memory else None,
                usage_bytes=memory.current_usage if memory else None,
            )
        finally:
            _call(adapter.value, _RELEASE)


def read_registry_sizes() -> tuple[tuple[str, int], ...]:
    """(adapter name, bytes of its own memory) from the display drivers' registry keys; () elsewhere.

    The driver writes the size as a 64-bit number or as 8 raw bytes. (WMI's AdapterRAM stops at 4 GiB.)
    """
    found: list[tuple[str, int]] = []
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _DISPLAY_CLASS) as drivers:
            for index in range(winreg.QueryInfoKey(drivers)[0]):
                try:
                    with winreg.OpenKey(drivers, winreg.EnumKey(drivers, index)) as driver:
                        name = winreg.QueryValueEx(driver, "DriverDesc")[0]
                        size = winreg.QueryValueEx(driver, "HardwareInformation.qwMemorySize")[0]
                except OSError:
                    continue
                found.append((str(name), registry_size(size)))
    return tuple(found)


def registry_size(value: object) -> int:
    """Bytes of a registry value that is a number or its raw little-endian bytes; 0 for anything else."""
    if isinstance(value, bytes):
        return int.from_bytes(value[:8], "little")
    return value if isinstance(value, int) else 0


def _local_memory(adapter: int) -> VideoMemoryInfo | None:
    """Budget and use of the adapter's own memory, from IDXGIAdapter3 (Windows 10 and later)."""
    adapter3 = ctypes.c_void_p()
    iid = _guid(_IID_ADAPTER3)
    if _call(adapter, _QUERY_INTERFACE, ctypes.byref(iid), ctypes.byref(adapter3)) != 0 or not adapter3.value:
        return None
    try:
        info = VideoMemoryInfo()
        arguments = ctypes.c_uint32(0), ctypes.c_uint32(_SEGMENT_LOCAL), ctypes.byref(info)
        return info if _call(adapter3.value, _QUERY_VIDEO_MEMORY_INFO, *arguments) == 0 else None
    finally:
        _call(adapter3.value, _RELEASE)


def _guid(value: uuid.UUID) -> _Guid:
    return _Guid((ctypes.c_ubyte * 16)(*value.bytes_le))


def _call(interface: int, slot: int, *arguments: object) -> int:
    """Call a COM method: the object's first word points to its table of methods."""
    table = ctypes.c_void_p.from_address(interface).value or 0
    address = ctypes.c_void_p.from_address(table + slot * ctypes.sizeof(ctypes.c_void_p)).value or 0
    method = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
    return int(method(ctypes.c_void_p(interface), *arguments))
