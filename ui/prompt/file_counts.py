"""The text files that are sent, each with the tokens that were counted for one model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.errors import AdvisorError
from advisor.model.facts import ModelFacts
from advisor.recommend.need import Part
from PySide6.QtCore import QObject, Signal

from ui.session.session import Session
from ui.session.tasks import Task

Found = Part | AdvisorError | None  # None: not counted (yet)


class FileCounts(QObject):
    """Counts in the background. Another model counts anew, since its vocabulary is another."""

    changed = Signal()
    stage = Signal(str)  # what is being counted

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts: ModelFacts | None = None
        self._files: dict[Path, Found] = {}
        self._tasks: dict[Path, Task] = {}

    @property
    def files(self) -> dict[Path, Found]:
        return self._files

    @property
    def parts(self) -> list[Part]:
        """As far as they are known: what could not be counted is left out."""
        return [part for part in self._files.values() if isinstance(part, Part)]

    @property
    def uncounted(self) -> list[str]:
        return [path.name for path, part in self._files.items() if not isinstance(part, Part)]

    @property
    def is_counting(self) -> bool:
        return bool(self._tasks)

    def is_being_counted(self, path: Path) -> bool:
        return path in self._tasks

    def add(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if path not in self._files:
                self._files[path] = None
                self._count(path)
        self.changed.emit()

    def remove(self, path: Path) -> None:
        if task := self._tasks.pop(path, None):
            task.cancel()
        self._files.pop(path, None)
        self.changed.emit()

    def count_for(self, facts: ModelFacts | None) -> None:
        """From now on for this model."""
        if facts is self._facts:
            return
        self.cancel()
        self._facts = facts
        for path in self._files:
            self._files[path] = None
            self._count(path)
        self.changed.emit()

    def cancel(self) -> None:
        """What is not counted yet stays uncounted."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self.changed.emit()

    def _count(self, path: Path) -> None:
        if self._facts is None:
            return

        def ended(found: Found) -> None:
            # An answer to a task that was given up, or to one of a dialog that was closed, is dropped.
            if self._tasks.get(path) is task:
                del self._tasks[path]
                self._files[path] = found
                self.changed.emit()

        task = self._session.asides.count_file(
            path, self._facts, on_result=ended, on_error=ended, on_progress=self.stage.emit
        )
        self._tasks[path] = task
