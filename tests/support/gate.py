"""`Gate`: a test holds work back where it wants to look at the moment before its answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 20  # a gate that is never opened fails the test instead of hanging it


@dataclass
class Gate:
    """Holds whoever asks until it is opened."""

    _open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        self._open.set()

    def pass_through(self) -> None:
        self.reached.set()
        if not self._open.wait(TIMEOUT_SECONDS):
            raise TimeoutError("the gate stayed shut")
