"""Predicted against measured, proof by proof and device by device."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from advisor.history.fields import to_json
from advisor.history.record import ProbeRecord
from advisor.probe.result import ProbeResult

COLUMNS = (
    *("id", "at", "model", "architecture", "quantization", "file_bytes", "engine", "backends", "version"),
    *("cache_type_k", "cache_type_v", "n_gpu_layers", "n_ubatch", "n_seq_max", "limit_n_ctx", "bound_by"),
    *("safe_n_ctx", "proved_n_ctx", "method", "seconds", "device", "predicted_bytes", "measured_peak_bytes"),
    "error_percent",
)
# A spreadsheet would take a text that begins so for a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class DeviceComparison:
    """One device in one proof. `measured_bytes` is None where nothing could measure it."""

    device: str
    predicted_bytes: int
    measured_bytes: int | None

    @property
    def error_percent(self) -> float | None:
        """How far the prediction was above what was measured; below it is negative."""
        if not self.measured_bytes:
            return None
        return 100 * (self.predicted_bytes - self.measured_bytes) / self.measured_bytes


def comparisons(record: ProbeRecord) -> tuple[DeviceComparison, ...]:
    """The devices of a proof, in the order of the prediction."""
    return comparisons_of(record.result)


def comparisons_of(result: ProbeResult) -> tuple[DeviceComparison, ...]:
    """The same of a result that is in no history."""
    return tuple(
        DeviceComparison(device, n_bytes, result.measured_peak_bytes.get(device))
        for device, n_bytes in result.predicted_bytes.items()
    )


def document(record: ProbeRecord) -> dict[str, Any]:
    """The record for scripts: all of it, and the comparison."""
    content: dict[str, Any] = to_json(record)
    return {
        **content,
        "comparison": [
            {
                "device": it.device,
                "predicted_bytes": it.predicted_bytes,
                "measured_peak_bytes": it.measured_bytes,
                "error_percent": None if it.error_percent is None else round(it.error_percent, 2),
            }
            for it in comparisons(record)
        ],
    }


def as_json(records: Iterable[ProbeRecord], schema_version: int) -> str:
    """The text of `history --json`. ASCII: a path may hold what is no valid text."""
    content = {"schema_version": schema_version, "probes": [document(record) for record in records]}
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def as_csv(records: Iterable[ProbeRecord]) -> str:
    """A line for each device of each proof, with a header, comma and point in every language."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for record in records:
        for it in comparisons(record):
            error = it.error_percent
            writer.writerow(
                (
                    *_of_record(record),
                    _cell(it.device),
                    it.predicted_bytes,
                    "" if it.measured_bytes is None else it.measured_bytes,
                    "" if error is None else f"{error:.2f}",
                )
            )
    return text.getvalue()


def _of_record(record: ProbeRecord) -> tuple[object, ...]:
    result, settings = record.result, record.result.settings
    return (
        *(record.id, record.at, _cell(record.model_name), _cell(record.architecture)),
        *(_cell(record.quantization), record.file_bytes, _cell(record.engine_binding)),
        *(_cell(" ".join(record.engine_backends)), record.version),
        *(settings.cache_type_k, settings.cache_type_v, settings.n_gpu_layers),
        *(settings.n_ubatch, settings.n_seq_max, result.limit_n_ctx, str(result.bound_by)),
        *(result.safe_n_ctx, result.proved_n_ctx, str(result.method), f"{result.seconds:.1f}"),
    )


def _cell(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
