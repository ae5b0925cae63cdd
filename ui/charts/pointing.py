"""Pointing at something painted, by mouse or keys: where, and what is read off there.

A chart owns one of these and says what lies where; it paints the mark itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

_TAB = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class Readable(Protocol):
    """What can be pointed at, in numbers of its own: tokens of a context, or the index of a piece."""

    def under(self, x: float) -> int | None:
        """What lies under a pixel, None for nothing."""

    def stops(self) -> Sequence[int]:
        """Where the arrow keys stop, in rising order; empty where there is nothing to read."""

    def start(self) -> int:
        """Where the arrow keys set out from."""

    def sentence(self, where: int) -> str:
        """What is read off there."""

    def described(self) -> str:
        """All of it, while nothing is pointed at."""


class Pointing(QObject):
    """Listens to the widget's mouse, keys and focus, and keeps its accessible description."""

    told = Signal(object)  # the sentence for what is pointed at, None for nothing

    def __init__(self, widget: QWidget, what: Readable, *, begins_on_tab: bool = False) -> None:
        """`begins_on_tab`: coming in by the Tab key points at the first stop."""
        super().__init__(widget)
        self._widget = widget
        self._what = what
        self._begins_on_tab = begins_on_tab
        self.where: int | None = None
        widget.setMouseTracking(True)
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    def renew(self, where: int | None = None) -> None:
        """Something else is shown: point at nothing there, or at `where`."""
        self.where = None
        self._widget.setAccessibleDescription(self._what.described())
        self.point_at(where)
        self._widget.update()

    def point_at(self, where: int | None) -> None:
        if where == self.where:
            return
        self.where = where
        sentence = None if where is None else self._what.sentence(where)
        self._widget.setAccessibleDescription(sentence or self._what.described())
        event = QAccessibleEvent(self._widget, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(event)
        self.told.emit(sentence)
        self._widget.update()

    def paint_focus(self, painter: QPainter, radius: float = 4.0) -> None:
        """The ring around the widget, while the keyboard is there."""
        if self._widget.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._widget.palette().color(QPalette.ColorRole.Accent), 2))
            painter.drawRoundedRect(QRectF(self._widget.rect()).adjusted(1, 1, -1, -1), radius, radius)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            self.point_at(self._what.under(event.position().x()))
        elif event.type() in {QEvent.Type.Leave, QEvent.Type.FocusOut}:
            self.point_at(None)
        elif isinstance(event, QFocusEvent) and self._begins_on_tab and event.reason() in _TAB:
            self.point_at(next(iter(self._what.stops()), None))
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._moved_by(event):
            return True
        return super().eventFilter(watched, event)

    def _moved_by(self, event: QKeyEvent) -> bool:
        """Whether the key was one of ours."""
        stops = self._what.stops()
        if event.key() == Qt.Key.Key_Escape and self.where is not None:
            self.point_at(None)
            return True
        if not stops:
            return False
        here = self._what.start() if self.where is None else self.where
        steps = {
            Qt.Key.Key_Right: next((stop for stop in stops if stop > here), stops[-1]),
            Qt.Key.Key_Left: next((stop for stop in reversed(stops) if stop < here), stops[0]),
            Qt.Key.Key_Home: stops[0],
            Qt.Key.Key_End: stops[-1],
        }
        if event.key() not in steps:
            return False
        self.point_at(steps[Qt.Key(event.key())])
        return True
