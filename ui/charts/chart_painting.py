"""How the context chart is drawn, layer by layer, with the palette's colours."""

from __future__ import annotations

from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPalette, QPen

from ui import colors
from ui.charts.chart_labels import curve_names
from ui.charts.chart_layout import (
    ContextCurves,
    Curve,
    Point,
    Scale,
    budget_is_shown,
    byte_ticks,
    byte_unit,
    bytes_shown,
    clip_above,
    context_ticks,
    contexts_shown,
    tick_words,
)
from ui.theme import Tone, border_color, qcolor, rgb, tinted, tone_color

translate = QCoreApplication.translate

_LINES = {"f16": colors.PURPLE, "q8_0": colors.ORANGE, "q4_0": colors.SKY_BLUE}
_LINES |= {"A": colors.BLUE, "B": colors.VERMILION}  # the two sides of a comparison
_OTHER_LINE = colors.GREEN
_BEYOND = 0.07  # of red, in the ground above the budget
_VEIL = 215  # of 255: what lies under a figure is still seen
_Align = Qt.AlignmentFlag


def scale_for(data: ContextCurves, font: QFont, width: float, height: float) -> Scale:
    """The plot's place within the widget: what the axis texts and curve names leave."""
    metrics = QFontMetricsF(_bold(font))
    top = bytes_shown(data)
    unit, name = byte_unit(top)
    widest = max(metrics.horizontalAdvance(number(tick, unit)) for tick in byte_ticks(top))
    left = max(widest, metrics.horizontalAdvance(name)) + metrics.height() * 0.6
    right = max(metrics.horizontalAdvance(c.name) for c in data.curves) + metrics.height() * 0.9
    over, under = metrics.height() * 1.3, metrics.height() * 1.5
    return Scale(
        left=left,
        top=over,
        width=max(1.0, width - left - right),
        height=max(1.0, height - over - under),
        n_ctx_max=contexts_shown(data),
        bytes_max=top,
    )


class ChartPainting:
    """One painting of the chart."""

    def __init__(
        self, painter: QPainter, data: ContextCurves, scale: Scale, palette: QPalette, font: QFont
    ) -> None:
        self._painter = painter
        self._data = data
        self._scale = scale
        self._palette = palette
        self._font = font
        self._metrics = QFontMetricsF(font)
        self._em = self._metrics.height()
        self._text = palette.color(QPalette.ColorRole.Text)
        self._quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        self._base = palette.color(QPalette.ColorRole.Base)
        painter.setFont(font)

    def paint_ground(self) -> None:
        """What does not depend on the answer: axes, curves and their names, what was measured."""
        self._budget()
        self._axes()
        self._training()
        for curve in self._data.curves:
            self._curve(curve)
        self._names()
        self._measured()

    def paint_mark(self, pointed: int | None) -> None:
        """The answer or, while a context is pointed at, that one; and the budget's name, which gives way."""
        self._budget_name()
        if pointed is None:
            self._answers()
        else:
            self._pointer(pointed)

    def _axes(self) -> None:
        painter, scale = self._painter, self._scale
        unit, name = byte_unit(scale.bytes_max)
        column = scale.left - self._em * 0.5
        painter.setPen(self._quiet)
        painter.drawText(QRectF(0, 0, column, self._em), _Align.AlignRight | _Align.AlignVCenter, name)
        for tick in byte_ticks(scale.bytes_max):
            y = scale.y(tick)
            painter.setPen(QPen(border_color(self._palette), 1))
            painter.drawLine(QPointF(scale.left, y), QPointF(scale.right, y))
            if tick == 0 or y - self._em > scale.top * 0.6:  # the topmost would touch the unit's name
                box = QRectF(0, y - self._em, column, self._em * 2)
                painter.setPen(self._quiet)
                painter.drawText(box, _Align.AlignRight | _Align.AlignVCenter, number(tick, unit))
        painter.setPen(self._quiet)
        ticks = context_ticks(scale.n_ctx_max)
        for n_ctx, words in zip(ticks, tick_words(ticks), strict=True):
            box = QRectF(scale.x(n_ctx) - 60, scale.bottom + self._em * 0.35, 120, self._em)
            painter.drawText(box, _Align.AlignCenter, words)

    def _budget(self) -> None:
        painter, scale = self._painter, self._scale
        if not budget_is_shown(self._data):
            return
        y = scale.y(self._data.budget_bytes)
        above = QRectF(scale.left, scale.top, scale.width, y - scale.top)
        painter.fillRect(above, tinted(Tone.BAD, self._palette, _BEYOND))
        bad = tone_color(Tone.BAD, self._palette)
        painter.setPen(QPen(bad, 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(scale.left, y), QPointF(scale.right, y))

    def _budget_name(self) -> None:
        """Above its line, over whatever passes there."""
        usable = format_bytes(self._data.budget_bytes)
        if budget_is_shown(self._data):
            text = translate("chart", "usable now: {size}").format(size=usable)
            color, ground = tone_color(Tone.BAD, self._palette), tinted(Tone.BAD, self._palette, _BEYOND)
            top = self._scale.y(self._data.budget_bytes) - self._em - 2
        else:
            text = translate("chart", "\u2191 usable now: {size}, far above").format(size=usable)
            color, ground, top = self._quiet, QColor(self._base), self._scale.top + 2
        width = self._metrics.horizontalAdvance(text) + 6
        left = self._scale.left + 4
        if self._data.answer and self._scale.x(self._data.answer.n_ctx) < left + width + self._em:
            left = self._scale.right - 4 - width  # the answer's own figure stands there
        box = QRectF(left, top, width, self._em)
        ground.setAlpha(_VEIL)
        self._painter.fillRect(box, ground)
        self._painter.setPen(color)
        self._painter.drawText(box, _Align.AlignCenter, text)

    def _training(self) -> None:
        """A line where the model's training ends, if that is in the chart."""
        painter, scale, trained = self._painter, self._scale, self._data.n_ctx_train
        if not 0 < trained <= scale.n_ctx_max:
            return
        x = scale.x(trained)
        painter.setPen(QPen(self._quiet, 1, Qt.PenStyle.DashDotLine))
        painter.drawLine(QPointF(x, scale.top), QPointF(x, scale.bottom))
        text = translate("chart", "trained for {n}").format(n=format_tokens(trained))
        width = self._metrics.horizontalAdvance(text) + 2
        left = min(max(x - width / 2, scale.left), scale.right - width)
        painter.drawText(QRectF(left, 0, width, self._em), _Align.AlignCenter, text)

    def _curve(self, curve: Curve) -> None:
        shown = clip_above(curve.points, self._scale.bytes_max)
        if not shown:
            return
        path = QPainterPath(self._at(shown[0].n_ctx, shown[0].n_bytes))
        for point in shown[1:]:
            path.lineTo(self._at(point.n_ctx, point.n_bytes))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(self._line_color(curve.name, colors.SHAPE_CONTRAST), 2))
        self._painter.drawPath(path)

    def _names(self) -> None:
        painter, gap = self._painter, self._em * 0.7
        painter.setFont(_bold(self._font))
        for name in curve_names(self._data, self._scale, self._em):
            painter.setPen(self._line_color(name.text, colors.TEXT_CONTRAST))
            top = name.y - self._em / 2
            if name.leaves:
                box, side = QRectF(name.x - gap - 200, top, 200, self._em), _Align.AlignRight
            else:
                box, side = QRectF(name.x + gap, top, 200, self._em), _Align.AlignLeft
            painter.drawText(box, side | _Align.AlignVCenter, name.text)
        painter.setFont(self._font)

    def _measured(self) -> None:
        """A ring for each proof that lies in the chart."""
        self._painter.setPen(QPen(self._text, 1.8))
        self._painter.setBrush(self._base)
        for point in self._data.measured:
            if point.n_ctx <= self._scale.n_ctx_max and point.n_bytes <= self._scale.bytes_max:
                self._painter.drawEllipse(self._at(point.n_ctx, point.n_bytes), 4, 4)

    def _answers(self) -> None:
        data = self._data
        for point, name in ((data.other, data.other_name), (data.answer, data.answer_name)):
            if point and point.n_ctx <= self._scale.n_ctx_max:
                self._answer(point, name)

    def _answer(self, answer: Point, name: str) -> None:
        painter, scale = self._painter, self._scale
        leaves = answer.n_bytes > scale.bytes_max  # then it is marked where it leaves the chart
        at = self._at(answer.n_ctx, min(answer.n_bytes, scale.bytes_max))
        painter.setPen(QPen(self._text, 1.2, Qt.PenStyle.DotLine))
        painter.drawLine(at, QPointF(at.x(), scale.bottom))
        painter.setPen(QPen(self._base, 2))
        painter.setBrush(self._line_color(name, colors.SHAPE_CONTRAST))
        painter.drawEllipse(at, 6, 6)
        font = _bold(self._font)
        text = format_tokens(answer.n_ctx) + (" \u2191" if leaves else "")
        width = QFontMetricsF(font).horizontalAdvance(text) + 8
        right_has_room = at.x() + 8 + width < scale.right
        left = at.x() + 8 if right_has_room else at.x() - 8 - width
        below_has_room = at.y() + 6 + self._em < scale.bottom
        top = at.y() + 6 if below_has_room else at.y() - 8 - self._em
        plate = QRectF(left, top, width, self._em)
        veil = QColor(self._base)
        veil.setAlpha(_VEIL)
        painter.fillRect(plate, veil)
        painter.setFont(font)
        painter.setPen(self._text)
        painter.drawText(plate, _Align.AlignCenter, text)
        painter.setFont(self._font)

    def _pointer(self, n_ctx: int) -> None:
        painter, scale = self._painter, self._scale
        x = scale.x(n_ctx)
        painter.setPen(QPen(self._text, 1))
        painter.drawLine(QPointF(x, scale.top), QPointF(x, scale.bottom))
        painter.setPen(QPen(self._base, 1.5))
        for curve in self._data.curves:
            n_bytes = curve.bytes_at(n_ctx)
            if n_bytes <= scale.bytes_max and n_ctx <= curve.points[-1].n_ctx:
                painter.setBrush(self._line_color(curve.name, colors.SHAPE_CONTRAST))
                painter.drawEllipse(self._at(n_ctx, n_bytes), 4.5, 4.5)

    def _at(self, n_ctx: int, n_bytes: int) -> QPointF:
        return QPointF(self._scale.x(n_ctx), self._scale.y(n_bytes))

    def _line_color(self, name: str, ratio: float) -> QColor:
        return qcolor(colors.readable(_LINES.get(name, _OTHER_LINE), rgb(self._base), ratio))


def number(n_bytes: int, unit: int) -> str:
    """A tick of the memory axis, in its unit."""
    return f"{n_bytes / unit:g}"


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made
