"""The list of programs, in groups whose headings are read but never chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from ui.export.programs import groups, target_words
from ui.widgets.labels import SMALL, scaled
from ui.widgets.row_painting import TextRow

_NAME_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class ProgramList(QListWidget):
    """One program is always chosen."""

    program_changed = Signal(str)

    def __init__(self, own: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Program"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Rows(self))
        for title, programs in groups(own):
            if programs:
                heading = QListWidgetItem(title, self)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
            for name in programs:
                item = QListWidgetItem(target_words(name), self)
                item.setData(_NAME_ROLE, name)
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, title)
        self.currentItemChanged.connect(self._changed)

    @property
    def program(self) -> str:
        item = self.currentItem()
        return item.data(_NAME_ROLE) if item else ""

    def choose(self, program: str) -> None:
        """One that is not there (any more) changes nothing."""
        for row in range(self.count()):
            if self.item(row).data(_NAME_ROLE) == program:
                self.setCurrentRow(row)

    @property
    def programs(self) -> list[str]:
        """In the order in which the arrow keys walk."""
        names = (self.item(row).data(_NAME_ROLE) for row in range(self.count()))
        return [name for name in names if name]

    def sizeHint(self) -> QSize:
        return QSize(self.sizeHintForColumn(0) + 2 * self.fontMetrics().height(), super().sizeHint().height())

    def _changed(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item and item.data(_NAME_ROLE):
            self.program_changed.emit(item.data(_NAME_ROLE))


class _Rows(TextRow):
    """A heading small and quiet; the chosen program as the sidebar shows its model."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        size = super().sizeHint(option, index)
        if index.data(_NAME_ROLE) or index.row() == 0:
            return size
        return QSize(size.width(), round(option.fontMetrics.height() * 2.3))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        if index.data(_NAME_ROLE):
            super().paint(painter, option, index)
            return
        em = option.fontMetrics.height()
        painter.save()
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        painter.setFont(scaled(option.font, SMALL, bold=True))
        inner = option.rect.adjusted(round(em * 0.8), 0, -round(em * 0.4), -round(em * 0.25))
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignBottom
        words = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, QStyle.visualAlignment(option.direction, side), words)
        painter.restore()
