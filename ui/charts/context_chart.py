"""Memory against context: a line for each cache type, the budget, the training context and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.units import CONTEXT_STEP, byte_units, format_bytes, format_tokens
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.charts.chart_layout import ContextCurves, Point, Scale, contexts_shown
from ui.charts.chart_painting import ChartPainting, scale_for
from ui.charts.pointing import Pointing
from ui.widgets.labels import SMALL, scaled


class ContextChart(QWidget):
    """The curves. Pointing (mouse or arrow keys) reads them off at one context."""

    pointed = Signal(object)  # the sentence for the context pointed at, None for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: ContextCurves | None = None
        self._scale: Scale | None = None
        self._ground: QPixmap | None = None  # what stays as it is while the answer moves
        self._ground_of: tuple[object, ...] = ()
        self.setFont(scaled(self.font(), SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Memory against context"))
        self.setAccessibleDescription(self.described())
        self._pointing = Pointing(self, self)
        self._pointing.told.connect(self.pointed)

    @property
    def answer(self) -> Point | None:
        """The marked point."""
        return self._data.answer if self._data else None

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 34, em * 14)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 16, em * 12)

    def show_curves(self, data: ContextCurves | None) -> None:
        self._data = data if data and data.curves else None
        self._measure()
        self._pointing.renew()

    # --- what is read off

    def under(self, x: float) -> int | None:
        """The context under a pixel."""
        scale = self._scale
        if scale is None or not scale.left <= x <= scale.right:
            return None
        return max(CONTEXT_STEP, round(scale.n_ctx_at(x) / CONTEXT_STEP) * CONTEXT_STEP)

    def stops(self) -> Sequence[int]:
        return [point.n_ctx for point in self._data.curves[0].points] if self._data else []

    def start(self) -> int:
        return self.answer.n_ctx if self.answer else 0

    def sentence(self, where: int) -> str:
        """What each cache type takes at one context."""
        if self._data is None:
            return ""
        reach = [c for c in self._data.curves if c.points[-1].n_ctx >= where]  # of two models one may end
        takes = ", ".join(f"{c.name} {format_bytes(c.bytes_at(where))}" for c in reach)
        return self.tr("{n} tokens: {takes}").format(n=format_tokens(where), takes=takes)

    def described(self) -> str:
        data = self._data
        if data is None:
            return self.tr("Nothing to show yet")
        text = self.tr("Memory on {device}, {usable} usable. {takes}").format(
            device=data.device_name,
            usable=format_bytes(data.budget_bytes),
            takes=self.sentence(contexts_shown(data)),
        )
        if data.measured:
            words = (f"{format_tokens(it.n_ctx)} tokens {format_bytes(it.n_bytes)}" for it in data.measured)
            text += self.tr(". Measured: {points}").format(points=", ".join(words))
        return text

    # --- layout and painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self._ground = None
        super().changeEvent(event)

    def _measure(self) -> None:
        self._scale = scale_for(self._data, self.font(), self.width(), self.height()) if self._data else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        data, scale = self._data, self._scale
        if data is None or scale is None:
            return
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._painted_ground(data, scale))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ChartPainting(painter, data, scale, self.palette(), self.font()).paint_mark(self._pointing.where)
        self._pointing.paint_focus(painter)

    def _painted_ground(self, data: ContextCurves, scale: Scale) -> QPixmap:
        """Painted once for these curves at this size: a slider moves the answer many times a second."""
        ratio = self.devicePixelRatioF()
        wanted = replace(data, answer=None, answer_name=""), scale, self.size(), ratio, byte_units()
        if self._ground is None or wanted != self._ground_of:
            self._ground = QPixmap(self.size() * ratio)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._ground)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ChartPainting(painter, data, scale, self.palette(), self.font()).paint_ground()
            painter.end()
            self._ground_of = wanted
        return self._ground
