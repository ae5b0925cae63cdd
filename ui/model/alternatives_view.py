"""A quiet table, as tall as its rows, that hides columns rather than scroll; Ctrl+C copies it as text."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
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

from ui.model.alternatives_table import CHOSEN_ROLE, GIVES_WAY_ROLE, TONE_ROLE, UNCHANGED_ROLE
from ui.theme import border_color, tone_color
from ui.widgets.flat_header import FlatHeader

_Index = QModelIndex | QPersistentModelIndex


class AlternativesView(QTableView):
    """A table without frame or grid. Where it is narrow, columns that give way are not shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left_out: frozenset[int] = frozenset()
        self._widths: dict[int, int] = {}  # that the columns need
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
        header = self.horizontalHeader()
        self._widths = {
            column: max(self.sizeHintForColumn(column), header.sectionSizeFromContents(column).width())
            for column in range(self.model().columnCount())
        }
        self._fit()

    def _fit(self) -> None:
        """Hide what has to give way, first of all the columns that may do so soonest."""
        shown = {column: width for column, width in self._widths.items() if column not in self._left_out}
        for column in sorted(shown, key=self._gives_way, reverse=True):
            if sum(shown.values()) <= self.viewport().width() or not self._gives_way(column):
                break
            del shown[column]
        for column, width in self._widths.items():
            self.setColumnHidden(column, column not in shown)
            self.setColumnWidth(column, width)

    def _gives_way(self, column: int) -> int:
        return int(self.model().headerData(column, Qt.Orientation.Horizontal, GIVES_WAY_ROLE))

    def minimumSizeHint(self) -> QSize:
        """With the columns that never give way."""
        width = sum(width for column, width in self._widths.items() if not self._gives_way(column))
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

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        tone = index.data(TONE_ROLE)
        if index.data(UNCHANGED_ROLE):
            quiet = option.palette.color(QPalette.ColorRole.PlaceholderText)
            option.palette.setColor(QPalette.ColorRole.Text, quiet)
        if tone is not None:
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
                option.palette.setColor(role, tone_color(tone, option.palette))
        option.palette.setColor(
            QPalette.ColorRole.Highlight, option.palette.color(QPalette.ColorRole.AlternateBase)
        )
        option.palette.setColor(
            QPalette.ColorRole.HighlightedText, option.palette.color(QPalette.ColorRole.Text)
        )
        option.state &= ~QStyle.StateFlag.State_HasFocus

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        box = QRectF(option.rect)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if index.data(CHOSEN_ROLE) or is_selected:
            painter.fillRect(box, option.palette.color(QPalette.ColorRole.AlternateBase))
        inside = QStyleOptionViewItem(option)
        padding = _padding(option.fontMetrics.height()) - 3  # Qt adds its own margin of 3
        inside.rect = option.rect.adjusted(padding, 0, -padding, 0)
        super().paint(painter, inside, index)
        painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), border_color(option.palette))

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + 2 * _padding(option.fontMetrics.height()), size.height())


def _padding(em: int) -> int:
    """At both sides of a cell's text."""
    return round(em * 0.6)
