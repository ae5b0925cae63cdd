"""What becomes of the files that are opened: a model, another part of an open one, or what goes with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from advisor.errors import ModelFactsError
from advisor.library.company import NOT_A_MODEL, is_projector
from PySide6.QtCore import QObject, QTimer, Signal

from ui.session.accompanying import Accompanying
from ui.session.answering import Answering
from ui.session.opened import OpenedModels
from ui.session.state import OpenModel

# What the command line would take such a file with: the hint of one that was opened alone names it.
_OF_SIDE_FILES = ("--mmproj", "--lora")
AT_ONCE = 64  # files; of more, as many again in each turn of the window


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
        self._waiting: deque[tuple[Sequence[Path], OpenModel | None]] = deque()
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._open_more)
        answering.facts_read.connect(self._facts_read)
        answering.unreadable.connect(self._unreadable)

    @property
    def is_resting(self) -> bool:
        """False while files wait to be opened."""
        return not self._waiting

    def stop(self) -> None:
        """Open none of those that wait."""
        self._next.stop()
        self._waiting.clear()

    def open(self, paths: Iterable[Path]) -> list[OpenModel]:
        """The models, the first of them shown. A projector goes with that one, or with the shown one.

        Of a great many files the first ones: the others follow.
        """
        wanted = [path.absolute() for path in paths]
        opened = self._open(wanted[:AT_ONCE])
        first = opened[0] if opened else None
        self._waiting += [(wanted[i : i + AT_ONCE], first) for i in range(AT_ONCE, len(wanted), AT_ONCE)]
        self._next.start()
        return opened

    def _open_more(self) -> None:
        if self._waiting:
            self._open(*self._waiting.popleft())
            self._next.start()

    def _open(self, wanted: Sequence[Path], first: OpenModel | None = None) -> list[OpenModel]:
        """`first` of them all is shown already."""
        projectors = dict.fromkeys(filter(is_projector, wanted))
        opened = self._opened.open([path for path in wanted if path not in projectors], first)
        target = first or (opened[0] if opened else self._opened.current)
        if target is None:
            return self._opened.open(wanted)  # they say themselves what they are
        for path in projectors:
            self._accompanying.open_side_file(target, path)
        return opened

    def _facts_read(self, model: OpenModel) -> None:
        model.came_after = None
        self._accompanying.model_read(model)
        twin = self._opened.twin(model)
        if twin:
            self._opened.leave(model, twin)
        else:
            self.is_model.emit(model)

    def _unreadable(self, model: OpenModel) -> None:
        """An adapter, or a projector by another name, goes with the model that it was opened after."""
        error = model.error
        if error is None or error.code != NOT_A_MODEL:
            return
        if any(option in error.hint for option in _OF_SIDE_FILES):
            hint = self.tr("Open its model, then drop this file on the model\u2019s page.")
            model.error = ModelFactsError(error.message, hint=hint, code=error.code)
            self.changed.emit(model)
        taker = self._taker(model)
        if taker:
            self._accompanying.hand_on(model, taker)
            self._accompanying.open_side_file(taker, model.path, lambda it: self._opened.leave(model, it))

    def _taker(self, model: OpenModel) -> OpenModel | None:
        """The nearest model before it; others that came with it may be no models, either."""
        it = model.came_after
        while it and (it not in self._opened.all or it.error):
            it = it.came_after
        return it
