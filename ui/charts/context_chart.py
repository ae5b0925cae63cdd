"""Memory against context: a line for each cache type, the budget, the training context and the answer."""

from __future__ import annotations

from advisor.units import CONTEXT_STEP, format_bytes, format_tokens
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.charts.chart_layout import ContextCurves, Point, Scale, contexts_shown
from ui.charts.chart_painting import ChartPainting, scale_for
from ui.widgets.labels import SMALL, scaled


class ContextChart(QWidget):
    """The curves. Pointing (mouse or arrow keys) reads them off at one context."""

    pointed = Signal(object)  # the sentence for the context pointed at, None for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: ContextCurves | None = None
        self._scale: Scale | None = None
        self._n_ctx: int | None = None  # pointed at
        self.setFont(scaled(self.font(), SMALL))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Memory against context"))
        self.setAccessibleDescription(self._described())

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
        self._n_ctx = None
        self._measure()
        self.setAccessibleDescription(self._described())
        self.update()

    # --- pointing

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        scale = self._scale
        if scale is None or not scale.left <= event.position().x() <= scale.right:
            self._point_at(None)
            return
        n_ctx = scale.n_ctx_at(event.position().x())
        self._point_at(max(CONTEXT_STEP, round(n_ctx / CONTEXT_STEP) * CONTEXT_STEP))

    def leaveEvent(self, _event: QEvent) -> None:
        self._point_at(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._data is None:
            super().keyPressEvent(event)
            return
        contexts = [point.n_ctx for point in self._data.curves[0].points]
        start = self._data.answer.n_ctx if self._data.answer else contexts[0]
        here = start if self._n_ctx is None else self._n_ctx
        steps = {
            Qt.Key.Key_Right: next((n for n in contexts if n > here), contexts[-1]),
            Qt.Key.Key_Left: next((n for n in reversed(contexts) if n < here), contexts[0]),
            Qt.Key.Key_Home: contexts[0],
            Qt.Key.Key_End: contexts[-1],
        }
        if event.key() in steps:
            self._point_at(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self._n_ctx is not None:
            self._point_at(None)
        else:
            super().keyPressEvent(event)

    def _point_at(self, n_ctx: int | None) -> None:
        if n_ctx == self._n_ctx:
            return
        self._n_ctx = n_ctx
        sentence = None if n_ctx is None else self.sentence(n_ctx)
        self.setAccessibleDescription(sentence or self._described())
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.pointed.emit(sentence)
        self.update()

    def sentence(self, n_ctx: int) -> str:
        """What each cache type takes at one context."""
        if self._data is None:
            return ""
        reach = [c for c in self._data.curves if c.points[-1].n_ctx >= n_ctx]  # of two models one may end
        takes = ", ".join(f"{c.name} {format_bytes(c.bytes_at(n_ctx))}" for c in reach)
        return self.tr("{n} tokens: {takes}").format(n=format_tokens(n_ctx), takes=takes)

    def _described(self) -> str:
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

    # --- layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _measure(self) -> None:
        self._scale = scale_for(self._data, self.font(), self.width(), self.height()) if self._data else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._data is None or self._scale is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ChartPainting(painter, self._data, self._scale, self.palette(), self.font()).paint(self._n_ctx)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
