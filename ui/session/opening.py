"""What becomes of the files that are opened: a model, another part of an open one, or its projector."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.errors import ModelFactsError
from advisor.library.company import NOT_A_MODEL, is_projector
from PySide6.QtCore import QObject, Signal

from ui.session.accompanying import Accompanying
from ui.session.answering import Answering
from ui.session.opened import OpenedModels
from ui.session.state import OpenModel


class Opening(QObject):
    """Sorts files by their names, and once more by what is in them."""

    is_model = Signal(object)  # OpenModel: it was read, and stays
    changed = Signal(object)  # OpenModel: its error

    def __init__(
        self, opened: OpenedModels, accompanying: Accompanying, answering: Answering, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._opened = opened
        self._accompanying = accompanying
        answering.facts_read.connect(self._facts_read)
        answering.unreadable.connect(self._unreadable)

    def open(self, paths: Iterable[Path]) -> list[OpenModel]:
        """The models, the first of them shown. A projector goes with that one, or with the shown one."""
        wanted = [path.absolute() for path in paths]
        opened = self._opened.open(path for path in wanted if not is_projector(path))
        target = opened[0] if opened else self._opened.current
        if target is None:
            return self._opened.open(wanted)  # they say themselves what they are
        for path in wanted:
            if is_projector(path):
                self._accompanying.open_projector(target, path)
        return opened

    def _facts_read(self, model: OpenModel) -> None:
        model.came_after = None
        twin = self._opened.twin(model)
        if twin:
            self._opened.leave(model, twin)
        else:
            self.is_model.emit(model)

    def _unreadable(self, model: OpenModel) -> None:
        """A projector by another name goes with the model that was shown when it was opened."""
        error, target = model.error, model.came_after
        if error is None or error.code != NOT_A_MODEL:
            return
        if target in self._opened.all and target.facts:
            self._accompanying.open_projector(target, model.path, lambda: self._opened.leave(model, target))
        elif is_projector(model.path):
            hint = self.tr("Open its model, then drop this file on the model\u2019s page.")
            model.error = ModelFactsError(error.message, hint=hint, code=error.code)
            self.changed.emit(model)
