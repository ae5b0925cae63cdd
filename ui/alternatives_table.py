"""The table of alternatives for Qt: a thin adapter over the recommendation's rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.recommend.result import Alternative, Recommendation
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from ui.wording import in_print, layers_cell, verdict_tone, verdict_words

SORT_ROLE = Qt.ItemDataRole.UserRole
TONE_ROLE = Qt.ItemDataRole.UserRole + 1
CHOSEN_ROLE = Qt.ItemDataRole.UserRole + 2

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Column:
    """How a column reads a row. `sort_key` is what the column is ordered by, never its text."""

    title: str
    text: Callable[[Alternative], str]
    sort_key: Callable[[Alternative], int | str]
    is_number: bool = False


class AlternativesTable(QAbstractTableModel):
    """One row an alternative."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answer: Recommendation | None = None
        self._rows: Sequence[Alternative] = ()
        self.columns = (
            Column(self.tr("KV cache K / V"), _types, _types),
            Column(self.tr("GPU layers"), self._layers, lambda row: row.settings.n_gpu_layers),
            Column(self.tr("Largest safe"), self._largest, lambda row: row.n_ctx_max, is_number=True),
            Column(self.tr("In print"), _print, lambda row: row.n_ctx_max),
            Column(self.tr("Memory"), _memory, lambda row: row.plan.total_bytes, is_number=True),
            Column(self.tr("Verdict"), self._verdict, lambda row: list(type(row.verdict)).index(row.verdict)),
        )

    def show_answer(self, answer: Recommendation | None) -> None:
        if answer is self._answer:
            return
        self.beginResetModel()
        self._answer = answer
        self._rows = answer.alternatives if answer else ()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        answers: dict[int, Callable[[], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda: column.text(row),
            Qt.ItemDataRole.AccessibleTextRole: lambda: column.text(row),
            Qt.ItemDataRole.TextAlignmentRole: lambda: _alignment(column),
            Qt.ItemDataRole.FontRole: lambda: _bold() if self.is_chosen(row) else None,
            SORT_ROLE: lambda: column.sort_key(row),
            TONE_ROLE: lambda: verdict_tone(row.verdict) if column is self.columns[-1] else None,
            CHOSEN_ROLE: lambda: self.is_chosen(row),
        }
        answer = answers.get(role)
        return answer() if answer else None

    def is_chosen(self, row: Alternative) -> bool:
        """True for the row that the recommendation was made of."""
        if self._answer is None or not self._answer.n_ctx:
            return False
        mine, chosen = row.settings, self._answer.settings
        return (mine.cache_type_k, mine.cache_type_v, mine.n_gpu_layers) == (
            chosen.cache_type_k,
            chosen.cache_type_v,
            chosen.n_gpu_layers,
        )

    def _layers(self, row: Alternative) -> str:
        return layers_cell(row.plan, self._answer.model) if self._answer else ""

    def _largest(self, row: Alternative) -> str:
        return format_tokens(row.n_ctx_max) if row.n_ctx_max else "\u2014"

    def _verdict(self, row: Alternative) -> str:
        words = verdict_words(row.verdict)
        return self.tr("{verdict}, recommended").format(verdict=words) if self.is_chosen(row) else words


def _types(row: Alternative) -> str:
    return f"{row.settings.cache_type_k} / {row.settings.cache_type_v}"


def _print(row: Alternative) -> str:
    return in_print(row.settings) if row.n_ctx_max else ""


def _memory(row: Alternative) -> str:
    return format_bytes(row.plan.total_bytes)


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignTrailing if column.is_number else Qt.AlignmentFlag.AlignLeading
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
