"""A small curve of something that goes on: its name, its value now, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

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
        return QSize(em * 14, em * (5 + self._most_rows))

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 9, em * (4 + self._most_rows))

    def show_lines(self, lines: Sequence[Line]) -> None:
        if tuple(lines) == self._lines:
            return
        rows = self._most_rows
        self._lines = tuple(lines)
        self.setAccessibleDescription(self.text)
        if self._most_rows != rows:
            self.updateGeometry()
        self.update()

    @property
    def _most_rows(self) -> int:
        """Room for the names of several lines below the title, where a card's name may be long."""
        return len(self._lines) if len(self._lines) > 1 else 0

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
        painter.drawText(head, self._at(_Align.AlignLeading), self._title)
        if self._names_fit(head):
            self._paint_names(painter, head)
        else:
            for i in range(len(self._lines)):
                head.translate(0, em)
                self._paint_row(painter, i, head)
        top = head.bottom() + em * 0.4
        box = Box(0.5, top, self.width() - 1.0, self.height() - top - 1.5)
        painter.setPen(QPen(border_color(self.palette()), 1))
        bottom = box.top + box.height + 0.5
        painter.drawLine(QPointF(0, bottom), QPointF(self.width(), bottom))
        reverse = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        for i, corners in enumerate(placed(self._lines, box, right_to_left=reverse)):
            self._paint_line(painter, corners, i, bottom)

    def _names_fit(self, head: QRectF) -> bool:
        """Whether all of the lines' names stand beside the title."""
        texts = [self._title, *map(self._named, self._lines)]
        width = sum(map(QFontMetricsF(self.font()).horizontalAdvance, texts))
        return width + head.height() * len(self._lines) <= head.width()

    def _named(self, line: Line) -> str:
        return f"{line.name} {self._words(line.now)}".strip()

    def _paint_row(self, painter: QPainter, i: int, row: QRectF) -> None:
        """A line's name at the start, its value of now at the end, in its colour."""
        metrics, value = QFontMetricsF(self.font()), self._words(self._lines[i].now)
        room = row.width() - metrics.horizontalAdvance(value) - row.height()
        name = metrics.elidedText(self._lines[i].name, Qt.TextElideMode.ElideMiddle, room)
        painter.setPen(self._color(i, colors.TEXT_CONTRAST))
        painter.drawText(row, self._at(_Align.AlignLeading), name)
        painter.drawText(row, self._at(_Align.AlignTrailing), value)

    def _paint_names(self, painter: QPainter, head: QRectF) -> None:
        """The lines' names with their values of now, in their colours."""
        right = head.right()
        for i, line in reversed(list(enumerate(self._lines))):
            words = self._named(line)
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

    def _at(self, side: Qt.AlignmentFlag) -> Qt.AlignmentFlag:
        """That end of a row, which in a right-to-left window is the other one."""
        return QStyle.visualAlignment(self.layoutDirection(), side | _Align.AlignVCenter)
