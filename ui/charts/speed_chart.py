"""Tokens per second against depth: a band where it is estimated, a line where it was measured."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.units import CONTEXT_STEP, format_tokens
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import colors
from ui.charts.chart_layout import Scale, context_ticks, decimal_ticks, tick_words
from ui.charts.pointing import Pointing
from ui.charts.speed_layout import SpeedCurve, rates_shown
from ui.theme import border_color, qcolor, rgb
from ui.widgets.labels import SMALL, scaled
from ui.wording import basis_words, speed_words

_SHARE_OF_BAND = 0.28
_KEY_STEPS = 16
_Align = Qt.AlignmentFlag


class SpeedChart(QWidget):
    """The curve. Pointing (mouse or arrow keys) reads it off at one depth."""

    pointed = Signal(object)  # the sentence for the depth pointed at, None for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: SpeedCurve | None = None
        self.setFont(scaled(self.font(), SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Speed against depth"))
        self.setAccessibleDescription(self.described())
        self._pointing = Pointing(self, self)
        self._pointing.told.connect(self.pointed)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 34, em * 14)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 16, em * 12)

    def show_curve(self, curve: SpeedCurve | None) -> None:
        self._curve = curve
        self._pointing.renew()

    # --- what is read off

    def under(self, x: float) -> int | None:
        """The depth under a pixel."""
        scale = self._scale()
        if scale is None or not scale.left <= x <= scale.right:
            return None
        return round(scale.n_ctx_at(x) / CONTEXT_STEP) * CONTEXT_STEP

    def stops(self) -> Sequence[int]:
        if self._curve is None:
            return []
        deepest = self._curve.deepest
        return [*range(0, deepest, max(1, deepest // _KEY_STEPS)), deepest]

    def start(self) -> int:
        return self._curve.deepest if self._curve else 0

    def sentence(self, where: int) -> str:
        """How fast it writes behind so many tokens."""
        if self._curve is None:
            return ""
        text = self.tr("{n} tokens in the cache: writes {rate} tokens/s, {basis}")
        return text.format(
            n=format_tokens(where),
            rate=speed_words(self._curve.at(where)),
            basis=basis_words(self._curve.basis),
        )

    def described(self) -> str:
        curve = self._curve
        if curve is None:
            return self.tr("Nothing is known of the speed here")
        text = f"{self.sentence(0)}. {self.sentence(curve.deepest)}."
        if curve.measured:
            words = (f"{format_tokens(it.depth)} tokens {speed_words(it)}" for it in curve.measured)
            text += " " + self.tr("Measured: {points}.").format(points=", ".join(words))
        return text

    # --- painting

    def _scale(self) -> Scale | None:
        if self._curve is None:
            return None
        metrics = QFontMetricsF(self.font())
        em, top = metrics.height(), rates_shown(self._curve)
        unit = self.tr("tokens/s")
        left = max(metrics.horizontalAdvance(unit), metrics.horizontalAdvance(f"{top:,}")) + em * 0.6
        return Scale(
            left=left,
            top=em * 1.3,
            width=max(1.0, self.width() - left - em * 2.5),
            height=max(1.0, self.height() - em * 2.8),
            n_ctx_max=self._curve.deepest,
            bytes_max=top,
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        curve, scale = self._curve, self._scale()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        if curve and scale:
            self._paint_axes(painter, scale)
            self._paint_curve(painter, scale, curve)
            if self._pointing.where is not None:
                self._paint_pointer(painter, scale, curve, self._pointing.where)
        else:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.rect(), _Align.AlignCenter | Qt.TextFlag.TextWordWrap, self.described())
        self._pointing.paint_focus(painter)

    def _paint_axes(self, painter: QPainter, scale: Scale) -> None:
        em = QFontMetricsF(self.font()).height()
        quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
        column = scale.left - em * 0.5
        painter.setPen(quiet)
        side = _Align.AlignRight | _Align.AlignVCenter
        painter.drawText(QRectF(0, 0, column, em), side, self.tr("tokens/s"))
        for tick in decimal_ticks(scale.bytes_max):
            y = scale.y(tick)
            painter.setPen(QPen(border_color(self.palette()), 1))
            painter.drawLine(QPointF(scale.left, y), QPointF(scale.right, y))
            if tick == 0 or y - em > scale.top * 0.6:  # the topmost would touch the unit's name
                painter.setPen(quiet)
                painter.drawText(QRectF(0, y - em, column, em * 2), side, f"{tick:,}")
        painter.setPen(quiet)
        ticks = context_ticks(scale.n_ctx_max)
        for depth, words in zip(ticks, tick_words(ticks), strict=True):
            box = QRectF(scale.x(depth) - 60, scale.bottom + em * 0.35, 120, em)
            painter.drawText(box, _Align.AlignCenter, words)

    def _paint_curve(self, painter: QPainter, scale: Scale, curve: SpeedCurve) -> None:
        line = qcolor(
            colors.readable(
                colors.BLUE, rgb(self.palette().color(QPalette.ColorRole.Base)), colors.SHAPE_CONTRAST
            )
        )
        low = [QPointF(scale.x(it.depth), scale.y(it.tokens_per_second)) for it in curve.points]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if curve.is_range:
            high = [
                QPointF(scale.x(it.depth), scale.y(it.high or it.tokens_per_second)) for it in curve.points
            ]
            band = qcolor(rgb(line))
            band.setAlphaF(_SHARE_OF_BAND)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(band)
            painter.drawPolygon(QPolygonF([*low, *reversed(high)]))
            painter.setPen(QPen(line, 1.2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(high))
        painter.setPen(QPen(line, 2))
        painter.drawPolyline(QPolygonF(low))
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.8))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        for point in curve.measured:
            if point.depth <= scale.n_ctx_max:
                painter.drawEllipse(QPointF(scale.x(point.depth), scale.y(point.tokens_per_second)), 4, 4)

    def _paint_pointer(self, painter: QPainter, scale: Scale, curve: SpeedCurve, depth: int) -> None:
        x, point = scale.x(depth), curve.at(depth)
        text = self.palette().color(QPalette.ColorRole.Text)
        painter.setPen(QPen(text, 1))
        painter.drawLine(QPointF(x, scale.top), QPointF(x, scale.bottom))
        painter.setBrush(text)
        for rate in (point.tokens_per_second, point.high):
            if rate is not None:
                painter.drawEllipse(QPointF(x, scale.y(rate)), 4, 4)
