"""A quiet table, as tall as its rows, that hides columns rather than scroll; Ctrl+C copies it as text."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.model.alternatives_table import CELL_ROLE, GIVES_WAY_ROLE, Cell
from ui.theme import border_color, tone_color
from ui.widgets.flat_header import FlatHeader

_Index = QModelIndex | QPersistentModelIndex


class AlternativesView(QTableView):
    """A table without frame or grid. Where it is narrow, columns that give way are not shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left_out: frozenset[int] = frozenset()
        self._widths: dict[int, int] = {}  # that the columns need
        self._give_way: tuple[int, ...] = ()  # the columns that do, the first to go first
        self._fitted: dict[int, int] | None = None  # what `_fit` has done
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # columns give way instead
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setItemDelegate(_RowDelegate(self))
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrow keys move in it
        em = self.fontMetrics().height()
        rows = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(round(em * 1.8))
        columns = FlatHeader(_padding(em))
        self.setHorizontalHeader(columns)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # as wide as its texts, see `_measure`
        columns.setStretchLastSection(True)
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)  # as recommended, until a header is clicked

    def sizeHint(self) -> QSize:
        rows = self.model().rowCount() if self.model() else 0
        height = (
            self.horizontalHeader().sizeHint().height() + rows * self.verticalHeader().defaultSectionSize()
        )
        return QSize(super().sizeHint().width(), height + 2)

    def leave_out(self, columns: Iterable[int]) -> None:
        """Columns that say nothing here."""
        wanted = frozenset(columns)
        if wanted != self._left_out:
            self._left_out = wanted
            self._fit()

    def setModel(self, model: QAbstractItemModel) -> None:
        super().setModel(model)
        for changed in (model.modelReset, model.dataChanged):
            changed.connect(lambda *_: self._measure())
        self._measure()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _measure(self) -> None:
        header, model = self.horizontalHeader(), self.model()
        columns = range(model.columnCount())
        self._widths = {
            column: max(self.sizeHintForColumn(column), header.sectionSizeFromContents(column).width())
            for column in columns
        }
        soon = {c: model.headerData(c, Qt.Orientation.Horizontal, GIVES_WAY_ROLE) for c in columns}
        self._give_way = tuple(sorted(filter(soon.get, columns), key=soon.__getitem__, reverse=True))
        self._fitted = None
        self._fit()

    def _fit(self) -> None:
        """Hide what has to give way. Most changes of the width change nothing of that."""
        shown = {column: width for column, width in self._widths.items() if column not in self._left_out}
        for column in self._give_way:
            if sum(shown.values()) <= self.viewport().width():
                break
            shown.pop(column, None)
        if shown == self._fitted:
            return
        self._fitted = shown
        for column, width in self._widths.items():
            self.setColumnHidden(column, column not in shown)
            self.setColumnWidth(column, width)

    def minimumSizeHint(self) -> QSize:
        """With the columns that never give way."""
        width = sum(width for column, width in self._widths.items() if column not in self._give_way)
        return QSize(width, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)

    def as_text(self) -> str:
        """The selected rows (or all) with their header, tab-separated."""
        model = self.model()
        columns = range(model.columnCount())
        chosen = sorted({i.row() for i in self.selectionModel().selectedRows()}) or range(model.rowCount())
        header = [str(model.headerData(c, Qt.Orientation.Horizontal)) for c in columns]
        lines = [[str(model.index(row, c).data()) for c in columns] for row in chosen]
        return "\n".join("\t".join(line) for line in [header, *lines])


class _RowDelegate(QStyledItemDelegate):
    """Tints the shown row, draws the line below each, colours the verdict."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        cell: Cell = index.data(CELL_ROLE)
        palette, box = option.palette, option.rect
        painter.save()
        if cell.is_shown or option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, palette.color(QPalette.ColorRole.AlternateBase))
        font = option.font
        font.setBold(cell.is_recommended)
        painter.setFont(font)
        role = QPalette.ColorRole.PlaceholderText if cell.is_unchanged else QPalette.ColorRole.Text
        painter.setPen(tone_color(cell.tone, palette) if cell.tone else palette.color(role))
        padding = _padding(option.fontMetrics.height())
        inside = box.adjusted(padding, 0, -padding, 0)
        text = painter.fontMetrics().elidedText(cell.text, Qt.TextElideMode.ElideRight, inside.width())
        side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag(cell.alignment))
        painter.drawText(inside, side | Qt.TextFlag.TextSingleLine, text)
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, border_color(palette))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + 2 * _padding(option.fontMetrics.height()), size.height())


def _padding(em: int) -> int:
    """At both sides of a cell's text."""
    return round(em * 0.6)
