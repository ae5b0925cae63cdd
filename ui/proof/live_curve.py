"""A small curve of something that goes on: its name, its value now, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import colors
from ui.proof.live_layout import Box, Line, placed
from ui.theme import border_color, qcolor, rgb
from ui.widgets.labels import SMALL, scaled

_COLORS = (colors.BLUE, colors.ORANGE, colors.GREEN, colors.PURPLE)
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_Align = Qt.AlignmentFlag


class LiveCurve(QWidget):
    """One or more lines over the time of a proof. `words` spells a value."""

    def __init__(self, title: str, words: Callable[[float], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._words = words
        self._lines: tuple[Line, ...] = ()
        self.setFont(scaled(self.font(), SMALL))
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 14, em * 5)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 9, em * 4)

    def show_lines(self, lines: Sequence[Line]) -> None:
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self.setAccessibleDescription(self.text)
            self.update()

    @property
    def text(self) -> str:
        """What the curve says, in words."""
        return ", ".join(
            self.tr("{name} now {now}, at most {most}")
            .format(name=line.name, now=self._words(line.now), most=self._words(line.most))
            .strip()
            for line in self._lines
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        em = QFontMetricsF(self.font()).height()
        quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
        head = QRectF(0, 0, self.width(), em)
        painter.setPen(quiet)
        painter.drawText(head, self._side(_Align.AlignLeading) | _Align.AlignVCenter, self._title)
        self._paint_names(painter, head)
        box = Box(0.5, em * 1.4, self.width() - 1.0, self.height() - em * 1.4 - 1.5)
        painter.setPen(QPen(border_color(self.palette()), 1))
        bottom = box.top + box.height + 0.5
        painter.drawLine(QPointF(0, bottom), QPointF(self.width(), bottom))
        reverse = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        for i, corners in enumerate(placed(self._lines, box, right_to_left=reverse)):
            self._paint_line(painter, corners, i, bottom)

    def _paint_names(self, painter: QPainter, head: QRectF) -> None:
        """The lines' names with their values of now, in their colours."""
        right = head.right()
        for i, line in reversed(list(enumerate(self._lines))):
            words = f"{line.name} {self._words(line.now)}".strip()
            width = QFontMetricsF(self.font()).horizontalAdvance(words)
            box = QRectF(right - width, 0, width, head.height())
            if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
                box.moveLeft(head.right() - right)
            painter.setPen(self._color(i, colors.TEXT_CONTRAST))
            painter.drawText(box, _Align.AlignCenter, words)
            right -= width + head.height()

    def _paint_line(
        self, painter: QPainter, corners: tuple[tuple[float, float], ...], i: int, bottom: float
    ) -> None:
        points = [QPointF(x, y) for x, y in corners]
        color = self._color(i, colors.SHAPE_CONTRAST)
        below = QColor(color)
        below.setAlphaF(0.12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(below)
        feet = [QPointF(points[-1].x(), bottom), QPointF(points[0].x(), bottom)]
        painter.drawPolygon(QPolygonF([*points, *feet]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.6, _DASHES[i % len(_DASHES)]))
        painter.drawPolyline(QPolygonF(points))

    def _color(self, i: int, contrast: float) -> QColor:
        base = rgb(self.palette().color(QPalette.ColorRole.Base))
        return qcolor(colors.readable(_COLORS[i % len(_COLORS)], base, contrast))

    def _side(self, side: Qt.AlignmentFlag) -> Qt.AlignmentFlag:
        reverse = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        return _Align.AlignRight if reverse and side is _Align.AlignLeading else _Align.AlignLeft
