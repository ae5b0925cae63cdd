"""`Peaks`: what each GPU's driver says is in use, sampled while a load runs.

A device's peak is the most that was in use less what was in use before. Whatever else took memory meanwhile
is in it; nothing can tell the two apart on every driver.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from advisor.engine.proof import MemorySample
from advisor.units import MiB

SAMPLE_SECONDS = 0.5
# After a death: what may still be in use before the next attempt, and how often to look.
_SETTLED_BYTES = 64 * MiB
_SETTLE_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Use:
    """What is in use now, by anyone: of each GPU by ggml's name, and of the RAM that GPUs borrowed."""

    devices: Mapping[str, int] = field(default_factory=dict)
    shared_bytes: int | None = None


class Meter(Protocol):
    """Whoever reads the drivers. Never raises; devices whose driver does not tell are left out."""

    def read(self) -> Use: ...


class Peaks:
    """The most that was seen since the last `reset`, by drivers and by ggml."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._lock = threading.Lock()
        self.before = meter.read()
        self.now = self.before
        self._most: dict[str, int] = {}
        self._most_shared: int | None = None
        self._least_free: dict[str, int] = {}
        self.free_before: Mapping[str, int] = {}  # what ggml said was free before the load

    def reset(self) -> None:
        """Forgets the peaks; what was in use before the load stays."""
        with self._lock:
            self._most, self._most_shared, self._least_free = {}, None, {}

    def sample(self) -> None:
        """Reads the drivers once."""
        use = self._meter.read()
        with self._lock:
            self.now = use
            for name, n_bytes in use.devices.items():
                self._most[name] = max(n_bytes, self._most.get(name, n_bytes))
            if use.shared_bytes is not None:
                self._most_shared = max(use.shared_bytes, self._most_shared or 0)

    def saw(self, memory: MemorySample) -> None:
        """What the worker said of itself."""
        with self._lock:
            for name, n_bytes in memory.devices.items():
                self._least_free[name] = min(n_bytes, self._least_free.get(name, n_bytes))

    @property
    def shared_bytes(self) -> int | None:
        return self._most_shared

    def of_device(self, name: str) -> tuple[int | None, str]:
        """Bytes that the load took of a device, and who says so; None where nobody does."""
        if name in self._most and name in self.before.devices:
            return max(0, self._most[name] - self.before.devices[name]), "driver"
        if name in self._least_free and name in self.free_before:
            return max(0, self.free_before[name] - self._least_free[name]), "ggml"
        return None, ""

    def settle(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Waits until what a dead process held is free again: drivers take their time."""
        for _ in range(_SETTLE_ROUNDS):
            self.sample()
            held = (self.now.devices.get(name, 0) - was for name, was in self.before.devices.items())
            if all(n_bytes <= _SETTLED_BYTES for n_bytes in held):
                return
            sleep(SAMPLE_SECONDS / 2)

    @contextlib.contextmanager
    def sampling(self, seconds: float = SAMPLE_SECONDS) -> Iterator[None]:
        """Samples from a thread for as long as the block lasts; not at all where no driver tells anything."""
        if not self.before.devices and self.before.shared_bytes is None:
            yield
            return
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(seconds):
                self.sample()

        thread = threading.Thread(target=run, name="probe-meter", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
