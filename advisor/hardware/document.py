"""Hardware as JSON, and back: what `devices --json` prints is what `--hardware FILE` reads.

Only what is needed to plan is written: no serial numbers, no unique ids, no user or computer names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from advisor.basis import Note
from advisor.errors import PresetError
from advisor.hardware.device import Device, Hardware, Holder, Kind
from advisor.presets import read_json_file

SCHEMA_VERSION = 1

_MAX_BYTES = 1 << 60
_MAX_DEVICES = 64
_BACKENDS = {"nvidia": "CUDA", "apple": "Metal", "": "CPU"}


def device_to_dict(device: Device) -> dict[str, object]:
    """One device of `devices --json`."""
    return {
        "id": device.id,
        "name": device.name,
        "vendor": device.vendor,
        "kind": device.kind.value,
        "backend": device.backend,
        "total_bytes": device.total_bytes,
        "free_bytes": device.free_bytes,
        "reserve_bytes": device.reserve_bytes,
        "usable_bytes": device.usable_bytes,
        "usable_if_others_closed_bytes": device.usable_if_others_closed_bytes,
        "reserved_by_driver_bytes": device.reserved_by_driver_bytes,
        "bandwidth_bytes_per_second": device.bandwidth_bytes_per_second,
        "engine_device": device.engine_device,
        "pci_id": device.pci_id,
        "display_active": device.display_active,
        "wddm": device.wddm,
        "compute_capability": device.compute_capability and list(device.compute_capability),
        "multiprocessors": device.multiprocessors,
        "prefill_flops_per_second": device.prefill_flops_per_second and list(device.prefill_flops_per_second),
        "holders": [
            {"name": holder.name, "bytes": holder.n_bytes, "release_command": holder.release_command}
            for holder in device.holders
        ],
        "sources": list(device.sources),
        "notes": [_note_to_dict(note) for note in device.notes],
    }


def hardware_to_dict(hardware: Hardware) -> dict[str, object]:
    """The document of `devices --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "devices": [device_to_dict(device) for device in hardware.devices],
        "findings": [_note_to_dict(note) for note in hardware.findings],
        "cuda_version": hardware.cuda_version and list(hardware.cuda_version),
        "made_up": hardware.made_up,
    }


def load_hardware(path: Path) -> Hardware:
    """The hardware in a file that `devices --json` wrote, as made-up hardware: it is another computer's.

    Raises PresetError for a file that cannot be read or does not describe a computer.
    """
    return replace(hardware_from_dict(read_json_file(path), str(path)), made_up=True)


def hardware_from_dict(document: Mapping[str, object], source: str = "The hardware") -> Hardware:
    """The hardware in a document of `devices --json`; `source` names it in errors. Raises PresetError."""
    fields = _Fields(document, source)
    if document.get("schema_version") != SCHEMA_VERSION:
        raise fields.malformed(f'"schema_version" must be {SCHEMA_VERSION}')
    entries = fields.tables("devices")
    if len(entries) > _MAX_DEVICES:
        raise fields.malformed(f"more than {_MAX_DEVICES} devices")
    devices = [_device(entry) for entry in entries]
    rams = [device for device in devices if device.kind is Kind.CPU]
    if len(rams) != 1:
        raise fields.malformed('exactly one device must be of the kind "cpu": the RAM')
    if len({device.id for device in devices}) != len(devices):
        raise fields.malformed("two devices have the same id")
    return Hardware(
        devices=(*(device for device in devices if device.kind is not Kind.CPU), *rams),
        findings=tuple(_note(entry) for entry in fields.tables("findings")),
        cuda_version=fields.pair("cuda_version"),
        made_up=fields.flag("made_up"),
    )


class _Fields:
    """Typed access to one table of the document; every wrong type is a PresetError that names the place."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self._values = values
        self._where = where

    def malformed(self, reason: str) -> PresetError:
        return PresetError(
            f"{self._where} is malformed: {reason}.",
            hint="Make the file with: context-advisor devices --json > FILE",
        )

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise self.malformed(f'"{key}" must be a text')
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self._values.get(key) is None else self.text(key)

    def n_bytes(self, key: str) -> int:
        value = self._values.get(key)
        if type(value) is not int or not 0 <= value <= _MAX_BYTES:
            raise self.malformed(f'"{key}" must be a whole number, 0 or more')
        return value

    def optional_bytes(self, key: str) -> int | None:
        return None if self._values.get(key) is None else self.n_bytes(key)

    def flag(self, key: str) -> bool:
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise self.malformed(f'"{key}" must be true or false')
        return value

    def pair(self, key: str) -> tuple[int, int] | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or [type(part) for part in value] != [int, int]:
            raise self.malformed(f'"{key}" must be two whole numbers')
        return value[0], value[1]

    def span(self, key: str) -> tuple[int, int] | None:
        found = self.pair(key)
        if found is not None and not 0 < found[0] <= found[1]:
            raise self.malformed(f'"{key}" must be two numbers above 0, the lower first')
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise self.malformed(f'"{key}" must be a list of texts')
        return tuple(value)

    def tables(self, key: str) -> list[_Fields]:
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            raise self.malformed(f'"{key}" must be a list of tables')
        return [_Fields(part, f"{self._where}, {key}[{index}],") for index, part in enumerate(value)]


def _device(fields: _Fields) -> Device:
    kind = fields.text("kind")
    if kind not in list(Kind):
        raise fields.malformed(f'"kind" must be one of {", ".join(Kind)}')
    vendor = fields.text("vendor", "")
    total, free = fields.n_bytes("total_bytes"), fields.optional_bytes("free_bytes")
    if free is not None and free > total:
        raise fields.malformed('"free_bytes" is more than "total_bytes"')
    return Device(
        id=fields.text("id"),
        name=fields.text("name"),
        vendor=vendor,
        kind=Kind(kind),
        backend=fields.text("backend", _BACKENDS.get(vendor, "Vulkan")),
        total_bytes=total,
        free_bytes=free,
        reserve_bytes=fields.n_bytes("reserve_bytes"),
        usable_if_others_closed_bytes=fields.n_bytes("usable_if_others_closed_bytes"),
        bandwidth_bytes_per_second=fields.optional_bytes("bandwidth_bytes_per_second"),
        engine_device=fields.optional_text("engine_device"),
        pci_id=fields.optional_text("pci_id"),
        reserved_by_driver_bytes=fields.optional_bytes("reserved_by_driver_bytes"),
        display_active=fields.flag("display_active"),
        holders=tuple(_holder(entry) for entry in fields.tables("holders")),
        sources=fields.texts("sources"),
        notes=tuple(_note(entry) for entry in fields.tables("notes")),
        wddm=fields.flag("wddm"),
        compute_capability=fields.pair("compute_capability"),
        multiprocessors=fields.optional_bytes("multiprocessors"),
        prefill_flops_per_second=fields.span("prefill_flops_per_second"),
    )


def _holder(fields: _Fields) -> Holder:
    return Holder(
        fields.text("name"), fields.optional_bytes("bytes"), fields.optional_text("release_command")
    )


def _note(fields: _Fields) -> Note:
    return Note(fields.text("code"), fields.text("text"))


def _note_to_dict(note: Note) -> dict[str, object]:
    return {"code": note.code, "text": note.text}
