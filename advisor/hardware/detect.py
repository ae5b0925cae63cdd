"""`detect`: this computer's memory, from all detectors side by side, in well under a second.

A detector that fails or hangs costs its own answer and leaves a note; it never costs the others'.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.basis import Note
from advisor.errors import PresetError
from advisor.hardware.accounting.gpu import gpu_device
from advisor.hardware.accounting.host import host_of, ram_device
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.engine_devices import EngineDevice, Match, match_devices, unused_gpu_note
from advisor.hardware.reading import Detection, Reading, with_budgets
from advisor.hardware.reserve import AUTO, Reserve

if TYPE_CHECKING:  # the table is loaded only where there is a GPU
    from advisor.hardware.gpu_table import KnownGpu


TOO_SLOW = "detector-timeout"  # the code of the note in place of an answer that did not come


@dataclass(frozen=True, slots=True)
class Detector:
    """One source of readings, and how long it may take. A cold NVIDIA driver needs seconds to wake up."""

    name: str
    detect: Callable[[], Detection]
    deadline_s: float = 5.0


def detect(
    engine_devices: Iterable[EngineDevice] = (),
    *,
    engine_backends: Sequence[str] = (),
    reserve: Reserve = AUTO,
    root: Path = Path("/"),
    platform: str = sys.platform,
    detectors: Sequence[Detector] | None = None,
    detections: Sequence[Detection] | None = None,
) -> Hardware:
    """This computer's devices: GPUs in the engine's order, then those it cannot use, the RAM last.

    `engine_devices` is what the installed engine lists (empty: it was not asked), `engine_backends` what is
    compiled into it. `detections` are those of `run_detectors` from before an engine was started, whose
    driver holds memory of its own. Never raises. Files are read below `root`.
    """
    engine_devices = tuple(engine_devices)
    if detections is None:
        detections = run_detectors(default_detectors(root, platform) if detectors is None else detectors)
    readings = [reading for detection in detections for reading in detection.readings]
    findings = [note for detection in detections for note in detection.findings]
    cuda_version = next((d.cuda_version for d in detections if d.cuda_version), None)
    ram_reading = next((r for r in readings if r.kind is Kind.CPU), _UNREAD_RAM)
    matches = match_devices(with_budgets([r for r in readings if r.kind is not Kind.CPU]), engine_devices)
    known: list[KnownGpu | None] = [None] * len(matches)
    try:
        known = _known(matches) if matches else known
    except PresetError as error:
        findings.append(Note(error.code, f"{error.message} {error.hint}"))
    gpus = _gpus(matches, known, ram_reading, reserve)
    # A card without any memory that is known (lost, or silent) is told of, but nothing can be planned on it.
    findings += [note for gpu in gpus if not gpu.total_bytes for note in _named_notes(gpu)]
    gpus = [gpu for gpu in gpus if gpu.total_bytes]
    if engine_devices:
        gpus = [_with_use_note(gpu, gpus) for gpu in gpus]
        unused = unused_gpu_note(matches, engine_backends, cuda_version)
        findings += [unused] if unused else []
    shared = next((gpu.bandwidth_bytes_per_second for gpu in gpus if gpu.kind is Kind.UNIFIED), None)
    return Hardware(
        devices=(*gpus, ram_device(ram_reading, reserve, shared)),
        findings=tuple(dict.fromkeys(findings)),
        cuda_version=cuda_version,
    )


def default_detectors(root: Path, platform: str) -> tuple[Detector, ...]:
    """The detectors for an operating system, loaded only here: one system needs few of them."""
    from advisor.hardware.detectors import amd, intel, nvidia, ram

    of_ram = Detector("RAM", partial(ram.detect, root, platform=platform))
    of_nvidia = Detector("NVIDIA", partial(nvidia.detect, root, platform=platform))
    if platform == "darwin":
        from advisor.hardware.detectors import apple

        return of_ram, Detector("Apple", apple.detect)
    if platform == "win32":
        from advisor.hardware.detectors import windows

        return of_ram, of_nvidia, Detector("Windows", windows.detect)
    return (
        of_ram,
        of_nvidia,
        Detector("AMD", partial(amd.detect, root)),
        Detector("Intel", partial(intel.detect, root)),
    )


def run_detectors(detectors: Sequence[Detector]) -> list[Detection]:
    """Every detector's answer, in their order; a note in place of one that failed or was too slow.

    A thread that hangs in a driver cannot be ended. It is left behind, and does not keep the program alive.
    """
    answers: dict[int, Detection] = {}

    def ask(index: int, detector: Detector) -> None:
        try:
            answers[index] = detector.detect()
        except Exception as error:  # noqa: BLE001 - whatever a driver does, the other answers stand
            text = f"Asking for {detector.name} devices failed unexpectedly ({type(error).__name__})."
            answers[index] = Detection(findings=(Note("detector-failed", text),))

    start = time.monotonic()
    threads = [
        threading.Thread(target=ask, args=(index, detector), name=f"detect {detector.name}", daemon=True)
        for index, detector in enumerate(detectors)
    ]
    for thread in threads:
        thread.start()
    for thread, detector in zip(threads, detectors, strict=True):
        thread.join(max(0.0, start + detector.deadline_s - time.monotonic()))
    return [answers.get(index) or _too_slow(detector) for index, detector in enumerate(detectors)]


_UNREAD_RAM = Reading(
    sources=(), name="RAM", vendor="", kind=Kind.CPU, backend="CPU", total_bytes=None, free_bytes=None
)

_GRAVE = ("nvidia-gpu-lost", "memory-unreadable", "total-unknown")


def _too_slow(detector: Detector) -> Detection:
    text = f"{detector.name} devices: the driver did not answer within {detector.deadline_s:g} seconds."
    return Detection(findings=(Note(TOO_SLOW, text),))


def _known(matches: Sequence[Match]) -> list[KnownGpu | None]:
    from advisor.hardware.gpu_table import find_by_name, known_gpus

    table = known_gpus()
    readings = (match.reading for match in matches)
    return [find_by_name(table, r.name, r.total_bytes, r.gpu_cores) for r in readings]


def _gpus(
    matches: Sequence[Match], known: Sequence[KnownGpu | None], ram_reading: Reading, reserve: Reserve
) -> list[Device]:
    host = host_of(ram_reading)
    counts: Counter[str] = Counter()
    gpus = []
    # Stable: within each group the engine's order, or the detectors', stays.
    for match, gpu in sorted(zip(matches, known, strict=True), key=lambda pair: _rank(pair[0])):
        reading = match.reading
        if reading.display_active is None:
            # A single GPU nearly always drives the display.
            reading = replace(reading, display_active=len(matches) == 1)
        vendor = reading.vendor or "gpu"
        gpus.append(gpu_device(reading, match.engine, gpu, host, reserve, f"{vendor}:{counts[vendor]}"))
        counts[vendor] += gpus[-1].total_bytes > 0
    return gpus


def _named_notes(gpu: Device) -> list[Note]:
    return [Note(note.code, f"{gpu.name}: {note.text}") for note in gpu.notes if note.code in _GRAVE]


def _rank(match: Match) -> int:
    """What the engine uses comes first; of the rest, cards before graphics of a processor."""
    if match.engine is not None:
        return 0
    return 1 if match.reading.kind is Kind.DISCRETE else 2


def _with_use_note(gpu: Device, gpus: Sequence[Device]) -> Device:
    """What the engine makes of a GPU beside others, if that needs saying."""
    used = [other for other in gpus if other.engine_device]
    if gpu.engine_device is None and used and gpu.kind is Kind.DISCRETE:
        text = "The installed llama-cpp-python cannot use this GPU: it was built for another maker's."
        return replace(gpu, notes=(*gpu.notes, Note("engine-cannot-use", text)))
    if gpu.engine_device and gpu.kind is Kind.INTEGRATED and any(o.kind is Kind.DISCRETE for o in used):
        text = "llama.cpp leaves a processor's graphics aside where there is a card."
        return replace(gpu, notes=(*gpu.notes, Note("left-aside", text)))
    return gpu
