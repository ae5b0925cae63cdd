"""One memory in figures, each with where it comes from. Words only: what is usable is the domain's to say."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.hardware.device import Device, Kind
from advisor.memory.plan import Buffers, DeviceMemory
from advisor.units import format_bytes
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

_FROM_TABLE = "bandwidth-from-table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, its name, and who says so."""

    name: str
    value: str
    origin: str
    is_main: bool = False


def figures(device: Device, *, reserve_is_automatic: bool) -> tuple[Figure, ...]:
    """What there is, what is free, what is kept, what is left of it."""
    read = sources_words(device.sources)
    by_driver = device.reserved_by_driver_bytes
    found = [Figure(translate("device", "Total"), format_bytes(device.total_bytes), read)]
    if device.free_bytes is None:
        unknown = translate("device", "the driver does not tell")
        found.append(Figure(translate("device", "Free now"), translate("device", "not known"), unknown))
    else:
        found.append(Figure(translate("device", "Free now"), format_bytes(device.free_bytes), read))
    found += [
        Figure(
            translate("device", "Reserve"),
            format_bytes(device.reserve_bytes),
            translate("device", "kept free, automatic")
            if reserve_is_automatic
            else translate("device", "kept free, your choice"),
        ),
        Figure(
            translate("device", "Usable now"),
            format_bytes(device.usable_bytes),
            translate("device", "assumed: total less reserve")
            if device.free_bytes is None
            else translate("device", "free less reserve"),
            is_main=True,
        ),
        Figure(
            translate("device", "If you close other programs"),
            format_bytes(device.usable_if_others_closed_bytes),
            translate("device", "usable then, about"),
        ),
    ]
    if by_driver is not None:
        found.append(Figure(translate("device", "Reserved by driver"), format_bytes(by_driver), read))
    if device.bandwidth_bytes_per_second is not None:
        from_table = any(note.code == _FROM_TABLE for note in device.notes)
        origin = translate("device", "published figure") if from_table else read
        speed = f"{device.bandwidth_bytes_per_second / 1e9:,.0f} GB/s"
        found.append(Figure(translate("device", "Memory bandwidth"), speed, origin))
    return tuple(found)


def use_words(device: Device) -> str:
    """What a memory is, and whether the engine uses it."""
    kind = {
        Kind.DISCRETE: translate("device", "its own memory"),
        Kind.INTEGRATED: translate("device", "works in the RAM"),
        Kind.UNIFIED: translate("device", "shares one memory with the processor"),
        Kind.CPU: translate("device", "main memory"),
    }[device.kind]
    if device.kind is Kind.CPU:
        return kind
    if device.engine_device is None:
        return translate("device", "{kind} · not used by the engine").format(kind=kind)
    return translate("device", "{kind} · {name} in llama.cpp").format(kind=kind, name=device.engine_device)


def sources_words(sources: tuple[str, ...]) -> str:
    """Who told the figures of a device."""
    known = {
        "nvml": translate("device", "NVIDIA\u2019s driver (NVML)"),
        "dxgi": translate("device", "Windows (DXGI)"),
        "registry": translate("device", "Windows (registry)"),
        "amdgpu": translate("device", "AMD\u2019s driver (amdgpu)"),
        "sysfs": translate("device", "Linux (sysfs)"),
        "meminfo": translate("device", "Linux (meminfo)"),
        "cgroup": translate("device", "control group"),
        "sysctl": translate("device", "macOS (sysctl)"),
        "system": translate("device", "the system"),
        "ggml": translate("device", "llama.cpp"),
        "assumed": translate("device", "assumed"),
    }
    return ", ".join(known.get(source, source) for source in sources)


def as_empty_line(device: Device) -> DeviceMemory:
    """The memory as a bar draws it, with no model in it."""
    return DeviceMemory(
        buffers=Buffers(device.engine_device or device.id),
        kind=str(device.kind),
        overhead_bytes=0,
        usable_bytes=device.usable_bytes,
        free_bytes=device.free_bytes,
        device_total_bytes=device.total_bytes,
        device_name=device.name,
        shares_ram=device.shares_ram,
        basis={},
        reserve_bytes=device.reserve_bytes,
    )
