"""Measured memory: what a load took of each device and of the RAM, and what should be known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from advisor.basis import Note
from advisor.engine.proof import MemorySample
from advisor.memory.plan import MemoryPlan
from advisor.probe.peaks import Peaks
from advisor.probe.room import RAM
from advisor.units import MiB, format_bytes

# A device whose figures move by less than this under a load that puts more on it does not tell.
_STILL_BYTES = 16 * MiB


@dataclass(frozen=True, slots=True)
class Measured:
    """Peaks by device, None where nothing could measure one, and what should be known of them."""

    peak_bytes: Mapping[str, int | None]
    notes: tuple[Note, ...]


def measured(
    plan: MemoryPlan,
    peaks: Peaks,
    memory: MemorySample,
    shared: frozenset[str],
    guard_bytes: int | None,
) -> Measured:
    """What a load took, to be set beside `predicted`. `memory` is the worker's at its largest."""
    found: dict[str, int | None] = {}
    notes: list[Note] = []
    for line in plan.memory[:-1]:
        n_bytes, source = peaks.of_device(line.device)
        if n_bytes is not None and n_bytes < _STILL_BYTES <= line.buffers.total_bytes:
            size = format_bytes(line.buffers.total_bytes)
            text = f"{line.device}'s figures do not change with a load of {size}: its driver does not tell."
            notes.append(Note("device-figures-still", text))
            n_bytes = None
        elif n_bytes is None and line.buffers.total_bytes:
            notes.append(
                Note("device-not-told", f"{line.device}'s driver does not tell how much of it is in use.")
            )
        elif source == "ggml" and n_bytes is not None:
            text = f"{line.device} was measured by ggml, after its own start: what that took is not in it."
            notes.append(Note("measured-by-ggml", text))
        found[line.device] = n_bytes
    rss = memory.rss_bytes if memory.peak_rss_bytes is None else memory.peak_rss_bytes
    found[RAM] = rss
    return Measured(found, (*notes, *_host_notes(plan, rss, memory, shared), *_guard_notes(guard_bytes)))


def predicted(plan: MemoryPlan, not_in_worker_bytes: int = 0) -> dict[str, int]:
    """What the plan says that the worker takes, by device: all but companions, which the proof does not load.

    `not_in_worker_bytes` are the host bytes of a runtime whose own arrays the worker does not have.
    """
    found = {line.device: line.total_bytes - line.companions_bytes for line in plan.memory}
    found[RAM] -= not_in_worker_bytes
    return found


def _host_notes(
    plan: MemoryPlan, rss: int | None, memory: MemorySample, shared: frozenset[str]
) -> Iterator[Note]:
    if rss is None:
        yield Note("rss-not-told", "The system does not tell how much RAM a process holds.")
        return
    if memory.mapped_bytes:
        text = (
            f"Of the {format_bytes(rss)} in RAM, {format_bytes(memory.mapped_bytes)} are mapped files, "
            "mostly the model's: the system can drop those and read them again."
        )
        yield Note("mapped-file", text)
    borrowers = [line for line in plan.memory[:-1] if line.device in shared and line.buffers.total_bytes]
    for line in borrowers:
        text = (
            f"{line.device} works in the RAM: what it holds, {format_bytes(line.buffers.total_bytes)} by "
            "prediction, can be part of the process's own."
        )
        yield Note("rss-holds-device", text)


def _guard_notes(guard_bytes: int | None) -> Iterator[Note]:
    if guard_bytes is None:
        yield Note(
            "no-guard", "This system cannot limit a process's memory: the search stopped at what is usable."
        )
