"""The table of alternatives on the page: as tall as its rows, with quiet lines; Ctrl+C copies it as text."""

from __future__ import annotations

from advisor.recommend.result import Recommendation
from advisor.settings.load_settings import LoadSettings
from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPalette
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

from ui.model.alternatives_table import CHOSEN_ROLE, SORT_ROLE, TONE_ROLE, AlternativesTable
from ui.theme import border_color, tone_color
from ui.widgets.card import TitledCard
from ui.widgets.flat_header import FlatHeader
from ui.widgets.labels import SMALL, muted_label

_Index = QModelIndex | QPersistentModelIndex


class AlternativesPanel(TitledCard):
    """What else there is: one row for each choice of cache types and layers."""

    chosen = Signal(object)  # the row's Request

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Alternatives"), self.tr("largest safe context in tokens"), parent)
        self.table = AlternativesTable(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.table)
        self._sorted.setSortRole(SORT_ROLE)
        self.view = AlternativesView()
        self.view.setModel(self._sorted)
        self.view.setAccessibleName(self.tr("Alternatives"))
        self.body.addWidget(self.view)
        self._foot = muted_label(
            self.tr("Click a row, or press Enter on it, to use it"), size=SMALL, wraps=True
        )
        self.body.addWidget(self._foot)
        self.body.addStretch(1)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)

    def show_answer(self, answer: Recommendation | None, shown: LoadSettings | None = None) -> None:
        """`shown`: the settings on the page; without them they are the recommended ones."""
        rows = self.table.rowCount()
        self.table.show_answer(answer, shown)
        if self.table.rowCount() != rows:
            self.view.updateGeometry()

    def _choose(self, index: QModelIndex) -> None:
        request = self.table.request_at(self._sorted.mapToSource(index).row())
        if request:
            self.chosen.emit(request)


class AlternativesView(QTableView):
    """A table without frame or grid."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setItemDelegate(_RowDelegate(self))
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrow keys move in it
        em = self.fontMetrics().height()
        rows = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(round(em * 1.8))
        columns = FlatHeader(_padding(em))
        self.setHorizontalHeader(columns)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)  # as recommended, until a header is clicked

    def sizeHint(self) -> QSize:
        rows = self.model().rowCount() if self.model() else 0
        height = (
            self.horizontalHeader().sizeHint().height() + rows * self.verticalHeader().defaultSectionSize()
        )
        if self.horizontalScrollBar().isVisible():
            height += self.horizontalScrollBar().height()
        return QSize(super().sizeHint().width(), height + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 12, self.sizeHint().height())

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
    return round(em * 0.7)
