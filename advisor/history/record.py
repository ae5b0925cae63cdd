"""`ProbeRecord`: one proof, with the model, the computer and the program that it is true of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from advisor import __version__
from advisor.engine.protocol import EngineInfo
from advisor.hardware.device import Hardware
from advisor.history.fields import from_json, to_json
from advisor.model.facts import ModelFacts
from advisor.probe.result import ProbeResult
from advisor.settings.calibration import Calibration

TOLERANCE = 32  # one part in so many


class UnreadableRecord(Exception):
    """A record that another version wrote in a way that this one does not know."""


@dataclass(frozen=True, slots=True)
class DeviceMark:
    """What tells a device from another. The RAM of two computers differs in size."""

    id: str
    name: str
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """What a proof found, when, where and with what.

    `at` is UTC as ISO 8601. `model_key` is the same for the same model under another name or in another
    folder of the disk, as long as its header and size are (see `model_key`). `predicted_bytes` is what the
    plan said of each device, by ggml's name, with its overhead. `calibration` is what this proof taught.
    """

    at: str
    model_key: str
    model_name: str
    architecture: str
    quantization: str
    path: str | None
    file_bytes: int
    devices: tuple[DeviceMark, ...]
    engine_binding: str
    engine_backends: tuple[str, ...]
    version: str
    result: ProbeResult
    predicted_bytes: Mapping[str, int]
    calibration: Calibration | None = None
    id: int | None = None  # in the history, None before


def model_key(facts: ModelFacts) -> str:
    """The same for the same model file, wherever it lies: from its name, type, size and parameters."""
    said = json.dumps([facts.name, facts.architecture, facts.quantization, facts.file_bytes, facts.n_params])
    return hashlib.sha256(said.encode("ascii")).hexdigest()[:16]


def marks(hardware: Hardware) -> tuple[DeviceMark, ...]:
    """The devices of a computer, the RAM last."""
    return tuple(DeviceMark(device.id, device.name, device.total_bytes) for device in hardware.devices)


def is_same(one: DeviceMark, other: DeviceMark) -> bool:
    """Whether both are one device. A driver or kernel may keep a little more to itself than the last did."""
    differs_by = abs(one.total_bytes - other.total_bytes)
    return (one.id, one.name) == (other.id, other.name) and differs_by * TOLERANCE <= one.total_bytes


def record_of(
    facts: ModelFacts,
    hardware: Hardware,
    engine: EngineInfo,
    result: ProbeResult,
    *,
    now: datetime,
    calibration: Calibration | None = None,
) -> ProbeRecord:
    """The record of a proof that has just ended."""
    return ProbeRecord(
        at=now.astimezone(UTC).isoformat(timespec="seconds"),
        model_key=model_key(facts),
        model_name=facts.name,
        architecture=facts.architecture,
        quantization=facts.quantization,
        path=str(facts.path.absolute()) if facts.path else None,
        file_bytes=facts.file_bytes,
        devices=marks(hardware),
        engine_binding=engine.binding,
        engine_backends=engine.backends,
        version=__version__,
        result=result,
        predicted_bytes=dict(result.predicted_bytes),
        calibration=calibration,
    )


def encoded(record: ProbeRecord) -> str:
    """The record as ASCII: names and paths may hold what is no valid text."""
    return json.dumps(to_json(record), ensure_ascii=True)


def decoded(text: str) -> ProbeRecord:
    """The record of that text. Raises UnreadableRecord for one that this version cannot read."""
    try:
        return from_json(ProbeRecord, json.loads(text))
    except (ValueError, TypeError, RecursionError, KeyError) as error:
        raise UnreadableRecord(str(error)) from error
