"""A table header without bevels: quiet text, a hairline below, an arrow where it is sorted."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPolygonF
from PySide6.QtWidgets import QHeaderView, QWidget

from ui.theme import border_color
from ui.widgets.help_button import HelpButton
from ui.widgets.labels import SMALL, scaled


class FlatHeader(QHeaderView):
    """The columns' names, with a "?" behind each whose WhatsThisRole names a term."""

    def __init__(self, padding: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._padding = padding
        self.setFont(scaled(self.font(), SMALL))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.help: dict[int, HelpButton] = {}
        self._asks: dict[int, tuple[int, bool]] = {}  # how wide its name is, whether it is at the end
        self.sectionResized.connect(lambda *_: self._place_help())
        self.geometriesChanged.connect(self._place_help)
        self.sectionCountChanged.connect(lambda *_: self._make_help())

    def setModel(self, model: QAbstractItemModel) -> None:
        super().setModel(model)
        self._make_help()

    def sectionSizeFromContents(self, section: int) -> QSize:
        text = str(self.model().headerData(section, Qt.Orientation.Horizontal))
        metrics = self.fontMetrics()
        asks = round(self.help[section].sizeHint().width() * 1.5) if section in self.help else 0
        width = metrics.horizontalAdvance(text) + 2 * self._padding + asks
        return QSize(width, round(metrics.height() * 1.7))

    def paintSection(self, painter: QPainter, box: QRect, section: int) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.fillRect(box, palette.color(QPalette.ColorRole.Base))
        painter.fillRect(QRectF(box.left(), box.bottom(), box.width(), 1), border_color(palette))
        model = self.model()
        side = model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
        text = str(model.headerData(section, Qt.Orientation.Horizontal))
        painter.setFont(self.font())
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        inner = self._inner(box, section)
        painter.drawText(inner, side, text)
        if self.sortIndicatorSection() == section:
            bounds = self.fontMetrics().boundingRect(inner, side, text)
            self._paint_arrow(painter, bounds)
        painter.restore()

    def _inner(self, box: QRect, section: int) -> QRect:
        """Where the text stands: a number's end gives way to the "?"."""
        asks = round(self.help[section].sizeHint().width() * 1.2) if self._asks_at_end(section) else 0
        return box.adjusted(self._padding, 0, -self._padding - asks, 0)

    def _asks_at_end(self, section: int) -> bool:
        return section in self._asks and self._asks[section][1]

    def _make_help(self) -> None:
        for button in self.help.values():
            button.hide()
            button.deleteLater()
        self.help, self._asks = {}, {}
        model = self.model()
        for section in range(model.columnCount() if model else 0):
            term = model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.WhatsThisRole)
            if term:
                words = str(model.headerData(section, Qt.Orientation.Horizontal))
                self.help[section] = HelpButton(term, words, self.viewport())
                side = model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
                is_at_end = bool(side & int(Qt.AlignmentFlag.AlignTrailing))
                self._asks[section] = self.fontMetrics().horizontalAdvance(words), is_at_end
        self._place_help()

    def _place_help(self) -> None:
        """Behind the text, left-to-right or not."""
        for section, button in self.help.items():
            box = QRect(self.sectionViewportPosition(section), 0, self.sectionSize(section), self.height())
            size = button.sizeHint()
            width, is_at_end = self._asks[section]
            if is_at_end:
                x = box.right() - self._padding - size.width() + 2
            else:
                x = box.left() + self._padding + width + round(size.width() * 0.4)
            button.setGeometry(x, (self.height() - size.height()) // 2, size.width(), size.height())
            button.setVisible(not self.isSectionHidden(section))

    def _paint_arrow(self, painter: QPainter, beside: QRect) -> None:
        """Before the text: behind it may stand a "?"."""
        size = self.fontMetrics().height() * 0.22
        is_rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x = beside.right() + size * 1.7 if is_rtl else beside.left() - size * 1.7
        y = beside.center().y()
        up = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        tip = y - size if up else y + size
        foot = y + size * 0.6 if up else y - size * 0.6
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawPolygon(QPolygonF([QPointF(x - size, foot), QPointF(x + size, foot), QPointF(x, tip)]))
