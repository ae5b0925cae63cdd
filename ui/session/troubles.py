"""What is wrong around the window itself, and is said until it is mended or dismissed: its files, mostly."""

from __future__ import annotations

from advisor.errors import AdvisorError
from PySide6.QtCore import QObject, Signal


class Troubles(QObject):
    """One trouble a subject, in the order in which they came."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._said: dict[str, AdvisorError] = {}
        self._dismissed: set[str] = set()

    @property
    def now(self) -> tuple[AdvisorError, ...]:
        return tuple(self._said.values())

    def say(self, subject: str, error: AdvisorError | None) -> None:
        """What is wrong with `subject` now, None for nothing. What was dismissed is not said again."""
        message = error.message if error else ""
        before = self._said.get(subject)
        if error is None or message in self._dismissed:
            self._said.pop(subject, None)
        else:
            self._said[subject] = error
        if self._said.get(subject) is not before:
            self.changed.emit()

    def dismiss(self) -> None:
        """The user has read all of it."""
        if self._said:
            self._dismissed.update(error.message for error in self._said.values())
            self._said.clear()
            self.changed.emit()
