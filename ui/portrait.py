"""A picture of the window once it has answered, then the end: how an installed program is proved to work."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from ui.session.session import Session

VARIABLE = "CONTEXT_ADVISOR_PICTURE"
_LOOK_AGAIN_MS = 100


class Portrait(QObject):
    """Waits until nothing is asked any more, saves the picture, and quits: 0, or 1 if it cannot be saved."""

    def __init__(self, window: QMainWindow, session: Session, path: Path) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._path = path
        self._timer = QTimer(self, interval=_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        model = self._session.current
        has_answer = model is not None and bool(model.recommendation or model.error)
        if not self._session.is_settled or not (has_answer or model is None):
            return
        self._timer.stop()
        is_saved = self._window.grab().save(str(self._path), "PNG")
        QApplication.exit(0 if is_saved else 1)
