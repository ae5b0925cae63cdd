"""A GPU as a device: which kind of memory it has, and what is known of its speed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.basis import Note
from advisor.hardware.accounting.host import Host
from advisor.hardware.accounting.own_memory import own_memory
from advisor.hardware.accounting.shared_memory import shared_memory
from advisor.hardware.device import Device, Kind
from advisor.hardware.engine_devices import EngineDevice
from advisor.hardware.reading import Reading, processor_graphics
from advisor.hardware.reserve import Reserve

if TYPE_CHECKING:  # the table is loaded only where there is a GPU
    from advisor.hardware.gpu_table import KnownGpu


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
        own_memory(reading, engine, known, reserve, id_)
        if reading.kind is Kind.DISCRETE
        else shared_memory(reading, engine, host, reserve, id_)
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
