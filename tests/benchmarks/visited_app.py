"""The whole app in a process of its own, looked at for `bench_app`: `visited_app MODEL`.

Prints one JSON object. Times are those of `time.time`, so that the parent can subtract its own.
"""

from __future__ import annotations

import json
import sys
import time

import psutil
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from ui.app import main
from ui.session.session import Session
from ui.window.main_window import MainWindow

LOOK_AGAIN_MS = 5
SECOND_MS = 1000
IDLE_SECONDS = 5


class Visit(QObject):
    """Waits for the answer, lets the window rest, and ends the program."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        QApplication.processEvents()  # what was shown is drawn
        self._found: dict[str, object] = {"usable_at": time.time()}
        self._look()

    def _look(self) -> None:
        model = self._session.current
        if not (self._session.is_settled and model and model.recommendation):
            QTimer.singleShot(LOOK_AGAIN_MS, self._look)
            return
        self._found["answered_at"] = time.time()
        QTimer.singleShot(SECOND_MS, self._rest)  # nothing of it is under way any more

    def _rest(self) -> None:
        self._processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        self._found["rss_bytes"] = [process.memory_info().rss for process in self._processes]
        before = self._cpu_seconds()
        QTimer.singleShot(IDLE_SECONDS * SECOND_MS, lambda: self._end(before))

    def _end(self, cpu_seconds_before: float) -> None:
        used = self._cpu_seconds() - cpu_seconds_before
        self._found["idle_cpu_percent"] = 100 * used / IDLE_SECONDS
        print(json.dumps(self._found))
        self._window.close()
        QApplication.quit()

    def _cpu_seconds(self) -> float:
        """Of all processes that are still there."""
        times = [process.cpu_times() for process in self._processes if process.is_running()]
        return sum(spent.user + spent.system for spent in times)


if __name__ == "__main__":
    sys.exit(main(sys.argv, Visit))
