"""The models on this computer for Qt: a list, and its search."""

from __future__ import annotations

from pathlib import PurePath

from advisor.library.installed import NOT_GGUF, InstalledModel
from advisor.library.listing.listing import Listed
from advisor.library.stores.folders import STORE as FOLDER
from advisor.library.stores.known import TITLES
from advisor.library.stores.ollama import STORE as OLLAMA
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from ui.session.library import Library, can_be_opened
from ui.theme import Tone
from ui.widgets.labels import verbatim
from ui.widgets.row_painting import ROW_ROLE, RowText
from ui.wording import verdict_tone, verdict_words

translate = QCoreApplication.translate

INSTALLED_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class LibraryList(QAbstractListModel):
    """One row a model, in the stores' order. A row is judged when it is drawn or read, not before."""

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._models = list(library.models)
        library.found.connect(self._found)
        library.line_known.connect(self._changed)
        library.is_no_model.connect(self._drop)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self._models)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        base = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return base | Qt.ItemFlag.ItemIsEnabled if can_be_opened(self._models[index.row()]) else base

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        model = self._models[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return short_name(model)
        if role == Qt.ItemDataRole.ToolTipRole:
            return verbatim(f"{model.name}\n{model.path}")
        if role == INSTALLED_ROLE:
            return model
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row_text(model, self._library.line(model)).sentence
        return row_text(model, self._library.line(model)) if role == ROW_ROLE else None

    def _found(self) -> None:
        if list(self._library.models) == self._models:
            if self._models:  # other hardware: each is judged anew when it is drawn
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._models) - 1, 0))
            return
        self.beginResetModel()
        self._models = list(self._library.models)
        self.endResetModel()

    def _changed(self, model: InstalledModel) -> None:
        row = self._row_of(model)
        if row is not None:
            index = self.index(row, 0)
            self.dataChanged.emit(index, index, [ROW_ROLE])

    def _drop(self, model: InstalledModel) -> None:
        row = self._row_of(model)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._models[row]
            self.endRemoveRows()

    def _row_of(self, model: InstalledModel) -> int | None:
        return next((row for row, other in enumerate(self._models) if other is model), None)


class LibrarySearch(QSortFilterProxyModel):
    """The models whose names hold all words of the search, in any order."""

    def __init__(self, source: LibraryList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setSourceModel(source)

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = tuple(text.casefold().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: _Index) -> bool:
        model: InstalledModel = self.sourceModel().index(row, 0, parent).data(INSTALLED_ROLE)
        names = " ".join((*model.names, store_words(model.store))).casefold()
        return all(word in names for word in self._words)


def row_text(model: InstalledModel, line: Listed | None) -> RowText:
    """What is known of a model, in three lines."""
    parts = (line.quantization if line else None, format_bytes(model.size_bytes), store_words(model.store))
    facts = " \u00b7 ".join(part for part in parts if part)
    words, tone = _verdict(model, line)
    return RowText(short_name(model), facts, words, tone)


def short_name(model: InstalledModel) -> str:
    """The store's name for it; of a path only the end, which tells one from another."""
    if model.store == OLLAMA:
        return model.name
    return PurePath(model.name).name.removesuffix(".gguf")


def _verdict(model: InstalledModel, line: Listed | None) -> tuple[str, Tone]:
    if model.format == NOT_GGUF:
        return translate("library", "not a GGUF"), Tone.QUIET
    problem = model.problem or (line.problem if line else None)
    if problem:
        return problem, Tone.BAD
    if line is None or line.verdict is None:
        return "\u2026", Tone.QUIET
    if not line.n_ctx_max:
        return verdict_words(line.verdict), verdict_tone(line.verdict)
    words = translate("library", "up to {n} tokens").format(n=format_tokens(line.n_ctx_max))
    return words, verdict_tone(line.verdict)


def store_words(store: str) -> str:
    return translate("library", "folder") if store == FOLDER else TITLES.get(store, store)
