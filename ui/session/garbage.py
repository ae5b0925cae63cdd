"""When Python looks through all objects for garbage: in a quiet moment, and not while someone waits.

With a thousand models open that takes as long as five pictures, during which nothing else can run, whichever
thread it came to. Young objects are looked through as ever: that takes a millisecond.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from ui.session.tasks import Tasks

REST_MS = 2000
_NEVER = 1_000_000_000


class Garbage(QObject):
    """Has everything looked through when nothing has been asked for a while, if Python would have by then."""

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = gc.get_threshold()
        gc.set_threshold(*self._before[:2], _NEVER)
        self.rest = QTimer(self, singleShot=True, interval=REST_MS)
        self.rest.timeout.connect(self._collect)
        tasks.idle_changed.connect(self._idle_changed)

    def close(self) -> None:
        """Leave it to Python again."""
        self.rest.stop()
        gc.set_threshold(*self._before)

    def _idle_changed(self, is_idle: bool) -> None:
        if is_idle:
            self.rest.start()
        else:
            self.rest.stop()

    def _collect(self) -> None:
        if gc.get_count()[2] > self._before[2]:
            gc.collect()
