"""`DriverMeter`: what the detectors' drivers say is in use of each GPU now."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from advisor.hardware.detect import TOO_SLOW, Detector, default_detectors, run_detectors
from advisor.hardware.device import Device, Hardware, Kind
from advisor.hardware.reading import Detection, Reading
from advisor.memory.assemble import devices_by_name
from advisor.probe.peaks import Use


def gpu_detectors(root: Path = Path("/"), platform: str = sys.platform) -> tuple[Detector, ...]:
    """The detectors of this system but the RAM's, which the worker measures better."""
    return tuple(detector for detector in default_detectors(root, platform) if detector.name != "RAM")


class DriverMeter:
    """Asks the drivers of `hardware`'s GPUs; those that only the engine knows have none."""

    def __init__(
        self,
        hardware: Hardware,
        detectors: Sequence[Detector] | None = None,
        lent_bytes: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`lent_bytes` tells what RAM the worker's GPUs have borrowed, None where nobody does."""
        gpus = {name: gpu for name, gpu in devices_by_name(hardware).items() if gpu.kind is not Kind.CPU}
        self._devices = {name: gpu for name, gpu in gpus.items() if set(gpu.sources) - {"ggml"}}
        self._detectors = tuple(gpu_detectors() if detectors is None else detectors)
        # What a GPU in the RAM borrows is its own, and the figure does not say whose it is.
        is_a_spill = not any(gpu.shares_ram for gpu in hardware.gpus)
        self._lent_bytes = lent_bytes if is_a_spill else lambda: None

    def read(self) -> Use:
        """Never raises: a driver that fails costs its own device's figure."""
        lent_bytes = self._lent_bytes()
        if not self._devices:
            return Use(shared_bytes=lent_bytes)
        readings = [reading for detection in self._ask() for reading in detection.readings]
        by_id = _by_id(readings)
        found = {}
        shared: int | None = None
        for name, device in self._devices.items():
            reading = _of(device, readings, by_id)
            if reading is None:
                continue
            used = _used(reading)
            if used is not None:
                found[name] = used
            if not device.shares_ram and reading.shared_total_bytes:
                shared = (shared or 0) + max(0, reading.shared_total_bytes - reading.shared_free_bytes)
        return Use(found, shared if lent_bytes is None else lent_bytes)

    def _ask(self) -> list[Detection]:
        """The drivers' answers. One that hung is not asked again: every question leaves a thread behind."""
        asked = self._detectors
        answers = run_detectors(asked)
        self._detectors = tuple(
            detector
            for detector, answer in zip(asked, answers, strict=True)
            if all(note.code != TOO_SLOW for note in answer.findings)
        )
        return answers


def _used(reading: Reading) -> int | None:
    if reading.total_bytes is None or reading.free_bytes is None:
        return None
    return max(0, reading.total_bytes - reading.free_bytes)


def _of(device: Device, readings: Sequence[Reading], by_id: dict[str, Reading]) -> Reading | None:
    """By the card's address, else by its place among its maker's."""
    if device.pci_id:
        return next((reading for reading in readings if reading.pci_id == device.pci_id), None)
    return by_id.get(device.id)


def _by_id(readings: Sequence[Reading]) -> dict[str, Reading]:
    counts: Counter[str] = Counter()
    found = {}
    for reading in readings:
        vendor = reading.vendor or "gpu"
        found[f"{vendor}:{counts[vendor]}"] = reading
        counts[vendor] += 1
    return found
