"""`Budget`: the seconds that a proof may take."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

# The search may take this share; the rest is for filling what it found.
_SEARCH_SHARE = 0.5


class Budget:
    """Counts from its making. Without `max_seconds` it never ends."""

    def __init__(self, max_seconds: float | None, clock: Callable[[], float]) -> None:
        self._max_seconds = max_seconds
        self._clock = clock
        self._start = clock()
        self._rang = False

    @property
    def seconds(self) -> float:
        return self._clock() - self._start

    @property
    def is_over(self) -> bool:
        return self._rang or (self._max_seconds is not None and self.seconds >= self._max_seconds)

    @property
    def search_is_over(self) -> bool:
        return self._max_seconds is not None and self.seconds >= self._max_seconds * _SEARCH_SHARE

    @contextlib.contextmanager
    def alarm(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Calls `cancel` from a thread when the time is over, even while nothing else happens."""
        if self._max_seconds is None:
            yield
            return

        def ring() -> None:
            self._rang = True
            cancel()

        timer = threading.Timer(max(0.0, self._max_seconds - self.seconds), ring)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
