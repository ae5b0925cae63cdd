"""Notices that the file of an open model has changed, is gone, or is there again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from ui.session.state import OpenModel
from ui.session.tasks import Lane, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

REST_MS = 700  # a file that is being written changes all the time: it is read when that has ended


class Watching(QObject):
    """The system tells of changes where it can; `look` also finds those that it does not tell of."""

    changed = Signal(object)  # OpenModel: to be read again

    def __init__(
        self, answers: Answers, tasks: Tasks, models: Callable[[], Sequence[OpenModel]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._answers = answers.models
        self._tasks = tasks
        self._models = models
        self._watcher = QFileSystemWatcher(self)
        self.rest = QTimer(self, singleShot=True, interval=REST_MS)
        self.rest.timeout.connect(self.look)
        self._watcher.fileChanged.connect(self._file_changed)
        self._watcher.directoryChanged.connect(self._folder_changed)
        self._followed: dict[OpenModel, set[str]] = {}
        self._watched: set[str] = set()

    @property
    def is_resting(self) -> bool:
        """False while a change waits to be looked at."""
        return not self.rest.isActive()

    def follow(self, model: OpenModel) -> None:
        """Watch the model's files, and the folders in which they would appear again."""
        files = model.files
        self._tasks.run(
            lambda _report: _places(files),
            on_result=lambda found: self._watch(model, found),
            lane=Lane.LATER,
        )

    def leave(self, model: OpenModel) -> None:
        """Watch no longer what no other model needs."""
        gone = self._followed.pop(model, set()).difference(*self._followed.values())
        if gone:
            self._watched -= gone
            self._watcher.removePaths(sorted(gone))

    def look(self) -> None:
        """Compare the files with what was read, in the background."""
        for model in self._models():
            self._compare(model)
            if model.stamp is None:  # its folder may be there again, to be watched
                self.follow(model)

    def stop(self) -> None:
        self.rest.stop()
        if watched := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(watched)

    def _watch(self, model: OpenModel, places: set[str]) -> None:
        if model not in self._models():
            return
        self._followed[model] = places
        if new := places - self._watched:
            self._watched |= new
            self._watcher.addPaths(sorted(new))
            if model.stamp is None:
                self.rest.start()  # it may have come before anyone watched

    def _compare(self, model: OpenModel) -> None:
        files, read = model.files, model.stamp

        def compared(stamp: str | None) -> None:
            if stamp != read and model.stamp == read and model in self._models():
                self.changed.emit(model)

        self._tasks.run(lambda _report: self._answers.stamp(files), on_result=compared, lane=Lane.LATER)

    def _file_changed(self, path: str) -> None:
        self._watched.discard(path)  # one that was replaced is to be watched anew
        self.rest.start()

    def _folder_changed(self, path: str) -> None:
        self._watched.discard(path)
        if not self.rest.isActive():  # a busy folder must not put it off for ever
            self.rest.start()


def _places(files: Iterable[Path]) -> set[str]:
    """The files that are there, and the folders of all of them: the nearest that is left."""
    found = set()
    for file in files:
        if file.exists():
            found.add(str(file))
        folder = next((place for place in file.parents if place.is_dir()), None)
        if folder:
            found.add(str(folder))
    return found
