"""A table header without bevels: quiet text, a hairline below, an arrow where it is sorted."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPolygonF
from PySide6.QtWidgets import QHeaderView, QWidget

from ui.labels import SMALL, scaled
from ui.theme import border_color


class FlatHeader(QHeaderView):
    """The columns' names."""

    def __init__(self, padding: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._padding = padding
        self.setFont(scaled(self.font(), SMALL))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def sectionSizeFromContents(self, section: int) -> QSize:
        text = str(self.model().headerData(section, Qt.Orientation.Horizontal))
        metrics = self.fontMetrics()
        arrow = metrics.height()
        return QSize(
            metrics.horizontalAdvance(text) + 2 * self._padding + arrow, round(metrics.height() * 1.7)
        )

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
        inner = box.adjusted(self._padding, 0, -self._padding, 0)
        painter.drawText(inner, side, text)
        if self.sortIndicatorSection() == section:
            bounds = self.fontMetrics().boundingRect(inner, side, text)
            self._paint_arrow(painter, bounds, is_number=bool(side & int(Qt.AlignmentFlag.AlignTrailing)))
        painter.restore()

    def _paint_arrow(self, painter: QPainter, beside: QRect, *, is_number: bool) -> None:
        """Beside the text, on the side where there is room."""
        size = self.fontMetrics().height() * 0.22
        x = beside.left() - size * 2 if is_number else beside.right() + size * 2
        y = beside.center().y()
        up = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        tip = y - size if up else y + size
        foot = y + size * 0.6 if up else y - size * 0.6
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawPolygon(QPolygonF([QPointF(x - size, foot), QPointF(x + size, foot), QPointF(x, tip)]))
