"""The table of alternatives for Qt: first what happens by itself, then the recommendation's rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.recommend.places import places
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import Alternative, Recommendation
from advisor.settings.asking import request_of
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from ui.theme import Tone
from ui.wording import in_print, layers_cell, speed_words, verdict_tone, verdict_words

SORT_ROLE = Qt.ItemDataRole.UserRole
CELL_ROLE = Qt.ItemDataRole.UserRole + 1  # a `Cell`
GIVES_WAY_ROLE = Qt.ItemDataRole.UserRole + 2  # a header's: see `Column.gives_way`

LAYERS = 1  # the column of the layers, which says nothing where there is no GPU

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Column:
    """How a column reads a row. `sort_key` is what the column is ordered by, never its text."""

    title: str
    text: Callable[[Alternative], str]
    sort_key: Callable[[Alternative], float | str]
    is_number: bool = False
    term: str = ""  # what its "?" explains
    gives_way: int = 0  # the column with the highest is hidden first where there is no room; 0: never


@dataclass(frozen=True, slots=True)
class Cell:
    """All that a cell is drawn from, in one answer: a window of changing size draws dozens at a time."""

    text: str
    alignment: int
    tone: Tone | None
    is_recommended: bool
    is_shown: bool
    is_unchanged: bool  # it tells what happens by itself


class AlternativesTable(QAbstractTableModel):
    """One row an alternative."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answer: Recommendation | None = None
        self._shown: tuple[object, ...] | None = None
        self._unchanged: Alternative | None = None
        self._rows: Sequence[Alternative] = ()
        self._cells: dict[tuple[int, int], Cell] = {}  # those drawn since the answer or what is shown changed
        self.columns = (
            Column(self.tr("KV cache K / V"), self._types, _types, term="cache-type"),
            Column(
                self.tr("GPU layers"),
                self._layers,
                lambda row: row.settings.n_gpu_layers,
                term="offload",
                gives_way=2,
            ),
            Column(self.tr("Largest safe"), self._largest, lambda row: row.n_ctx_max, is_number=True),
            Column(self.tr("Memory"), _memory, lambda row: row.plan.total_bytes, is_number=True, gives_way=3),
            Column(self.tr("Tokens/s"), _speed, _first_speed, is_number=True, term="decode", gives_way=1),
            Column(self.tr("Verdict"), self._verdict, lambda row: list(type(row.verdict)).index(row.verdict)),
        )

    def show_answer(self, answer: Recommendation | None, shown: LoadSettings | None = None) -> None:
        """`shown`: the settings on the page; without them they are the recommended ones."""
        settings = shown or (answer.settings if answer and answer.n_ctx else None)
        kind = _kind(settings) if settings else None  # the context alone does not make another row
        if answer is not self._answer or kind != self._shown:
            self._cells.clear()
        if answer is not self._answer:
            self.beginResetModel()
            self._answer, self._shown = answer, kind
            self._unchanged = _by_itself(answer) if answer else None
            self._rows = (self._unchanged, *answer.alternatives) if answer else ()
            self.endResetModel()
        elif kind != self._shown:
            self._shown = kind
            if self._rows:
                last = self.index(len(self._rows) - 1, len(self.columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last, [CELL_ROLE, Qt.ItemDataRole.AccessibleTextRole])

    def request_at(self, row: int) -> Request | None:
        """What asks for that row, None for one that does not fit."""
        if self._answer is None or not self._rows[row].n_ctx_max:
            return None
        chosen = self._rows[row]
        return chosen.request or request_of(chosen.settings, self._answer.model)

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
        if role == Qt.ItemDataRole.WhatsThisRole:
            return column.term
        if role == GIVES_WAY_ROLE:
            return column.gives_way
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == CELL_ROLE:
            return self._cell(index.row(), index.column())
        row, column = self._rows[index.row()], self.columns[index.column()]
        answers: dict[int, Callable[[], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda: column.text(row),
            Qt.ItemDataRole.AccessibleTextRole: lambda: self._said(row, column),
            Qt.ItemDataRole.ToolTipRole: lambda: self._more(row),
            Qt.ItemDataRole.AccessibleDescriptionRole: lambda: self._more(row),
            Qt.ItemDataRole.TextAlignmentRole: lambda: _alignment(column),
            Qt.ItemDataRole.FontRole: lambda: _bold() if self.is_recommended(row) else None,
            SORT_ROLE: lambda: column.sort_key(row),
        }
        answer = answers.get(role)
        return answer() if answer else None

    def _cell(self, row_number: int, column_number: int) -> Cell:
        where = row_number, column_number
        if where not in self._cells:
            row, column = self._rows[row_number], self.columns[column_number]
            self._cells[where] = Cell(
                text=column.text(row),
                alignment=_alignment(column),
                tone=verdict_tone(row.verdict) if column is self.columns[-1] else None,
                is_recommended=self.is_recommended(row),
                is_shown=self.is_shown(row),
                is_unchanged=row is self._unchanged,
            )
        return self._cells[where]

    def is_recommended(self, row: Alternative) -> bool:
        """True for the row that the recommendation was made of."""
        if self._answer is None or not self._answer.n_ctx or row is self._unchanged:
            return False
        return _kind(row.settings) == _kind(self._answer.settings)

    def is_shown(self, row: Alternative) -> bool:
        """True for the row that the page's settings are of."""
        if row is self._unchanged:  # its kind is that of one of the others, too
            return False
        return self._shown is not None and _kind(row.settings) == self._shown

    def _recommended(self, row: Alternative) -> str:
        if row.plan.fits:
            return self.tr("recommended")
        return self.tr("{verdict}, recommended").format(verdict=verdict_words(row.verdict))

    def _said(self, row: Alternative, column: Column) -> str:
        text = column.text(row)
        is_first = column is self.columns[0]
        return self.tr("{text}, shown").format(text=text) if is_first and self.is_shown(row) else text

    def _more(self, row: Alternative) -> str:
        """Where its parts lie, how much text it holds, and what its cache types cost in precision."""
        if self._answer is None:
            return ""
        if row is self._unchanged:
            return self._answer.if_you_change_nothing.text
        parts = [places(row.settings, self._answer.model, has_gpu=bool(self._answer.hardware.gpus))]
        if row.n_ctx_max:
            parts.append(in_print(row.settings))
        parts.append(self.tr("{size} in all").format(size=_memory(row)))
        if row.speed:
            empty, full = speed_words(row.speed[0]), speed_words(row.speed[-1])
            words = self.tr("{empty} tokens/s with an empty context, {full} with a full one")
            parts.append(words.format(empty=empty, full=full))
        return ". ".join([", ".join(parts), row.quality.text if row.quality else ""]).strip(" .")

    def _types(self, row: Alternative) -> str:
        return self.tr("If you change nothing") if row is self._unchanged else _types(row)

    def _layers(self, row: Alternative) -> str:
        return layers_cell(row.plan, self._answer.model) if self._answer else ""

    def _largest(self, row: Alternative) -> str:
        if row is self._unchanged:
            return self.tr("takes {n}").format(n=format_tokens(row.n_ctx_max))
        return format_tokens(row.n_ctx_max) if row.n_ctx_max else "\u2014"

    def _verdict(self, row: Alternative) -> str:
        words = verdict_words(row.verdict)
        return self._recommended(row) if self.is_recommended(row) else words


def _by_itself(answer: Recommendation) -> Alternative:
    """What the runtime would do by itself, as a row."""
    by_itself = answer.if_you_change_nothing
    return Alternative(by_itself.plan.settings, by_itself.n_ctx, by_itself.plan)


def _types(row: Alternative) -> str:
    return f"{row.settings.cache_type_k} / {row.settings.cache_type_v}"


def _kind(settings: LoadSettings) -> tuple[object, ...]:
    """What tells one row from another: cache types, and where what lies."""
    return (
        *(settings.cache_type_k, settings.cache_type_v, settings.n_gpu_layers, settings.n_cpu_moe),
        *(settings.offload_kqv, settings.override_tensor, settings.split_mode, settings.main_gpu),
        *(settings.tensor_split, settings.devices),
    )


def _speed(row: Alternative) -> str:
    if not row.speed:
        return "\u2014"
    first, full = (format_rate(row.speed[end].tokens_per_second) for end in (0, -1))
    return f"{first} \u2192 {full}"


def _first_speed(row: Alternative) -> float:
    return row.speed[0].tokens_per_second if row.speed else -1.0


def _memory(row: Alternative) -> str:
    return format_bytes(row.plan.total_bytes)


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignTrailing if column.is_number else Qt.AlignmentFlag.AlignLeading
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
