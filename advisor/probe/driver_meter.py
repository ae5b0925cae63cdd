"""`DriverMeter`: what the detectors' drivers say is in use of each GPU now."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from advisor.hardware.detect import Detector, default_detectors, run_detectors
from advisor.hardware.device import Device, Hardware
from advisor.hardware.reading import Reading
from advisor.memory.assemble import targets
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
        devices = {device.id: device for device in hardware.gpus}
        self._devices = {
            target.name: devices[target.device_id]
            for target in targets(hardware)[:-1]
            if set(devices[target.device_id].sources) - {"ggml"}
        }
        self._detectors = tuple(gpu_detectors() if detectors is None else detectors)
        # What a GPU in the RAM borrows is its own, and the figure does not say whose it is.
        is_a_spill = not any(device.shares_ram for device in devices.values())
        self._lent_bytes = lent_bytes if is_a_spill else lambda: None

    def read(self) -> Use:
        """Never raises: a driver that fails costs its own device's figure."""
        lent_bytes = self._lent_bytes()
        if not self._devices:
            return Use(shared_bytes=lent_bytes)
        readings = [reading for detection in run_detectors(self._detectors) for reading in detection.readings]
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
