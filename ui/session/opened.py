"""Which models are open, in which order, and which of them is shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ui.session.state import OpenModel


class OpenedModels(QObject):
    """The list behind the sidebar. Reads no files: whoever listens does."""

    changed = Signal()  # which are open, in which order
    current_changed = Signal()  # another model is shown
    opened = Signal(object)  # OpenModel: new, to be read
    shown = Signal(object)  # OpenModel: someone wants to see it, perhaps again
    closing = Signal(object)  # OpenModel: still in the list

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.all: list[OpenModel] = []
        self.current: OpenModel | None = None

    def open(self, paths: Iterable[Path], first: OpenModel | None = None) -> list[OpenModel]:
        """Open these files and show the first. One that is open already is shown, not read again.

        With `first` these are more files of those of which it was the first, and was shown.
        """
        known = {file: model for model in self.all for file in (model.path, *model.files)}
        found, new = [], []
        for path in paths:
            if path not in known:
                before = first or (found[0] if found else self.current)
                known[path] = OpenModel(path, came_after=before)
                new.append(known[path])
            found.append(known[path])
        self.all += new
        if new:
            self.changed.emit()  # once for all of them
        if found and first is None:
            self.show(found[0])  # first: what is shown is read before the others
        for model in new:
            self.opened.emit(model)
        return found

    def show(self, model: OpenModel) -> None:
        if model is not self.current:
            self.current = model
            self.current_changed.emit()
        self.shown.emit(model)

    def close(self, model: OpenModel) -> None:
        """Forget a model; its neighbour is shown if it was."""
        self.closing.emit(model)
        index = self.all.index(model)
        self.all.remove(model)
        self.changed.emit()
        if model is self.current:
            left = self.all[index : index + 1] or self.all[-1:]
            self.current = None
            if left:
                self.show(left[0])
            else:
                self.current_changed.emit()

    def leave(self, model: OpenModel, other: OpenModel) -> None:
        """Close a model that belongs to another one, which is shown if it was."""
        if model in self.all:
            if model is self.current:
                self.show(other)
            self.close(model)

    def twin(self, model: OpenModel) -> OpenModel | None:
        """The open model that this file is another shard of."""
        if len(model.files) < 2:
            return None
        return next((it for it in self.all if it is not model and it.files == model.files), None)

    def forget_choices(self, models: Iterable[OpenModel] | None = None) -> None:
        """Another goal or runtime is another question: its own recommendation is shown."""
        for model in self.all if models is None else models:
            model.choice = model.choice_error = None
