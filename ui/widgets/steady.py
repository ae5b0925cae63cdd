"""`Steady`: a frame around a panel whose texts change often, so that the page is not laid out anew for each.

Qt passes every changed label on to the window, which then measures all texts again. A widget without a
layout is where that ends: the frame asks the panel what it needs, and passes on only what is new.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class Steady(QWidget):
    """As large as the panel wants to be. The panel must be visible as long as the frame is."""

    def __init__(self, panel: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._needs: tuple[int, int] | None = None
        # What the panel answered, until it changes: a layout asks many times while a window's size does.
        self._heights: dict[int, int] = {}  # by width
        self._hints: tuple[QSize, QSize] | None = None
        panel.setParent(self)
        self.setSizePolicy(panel.sizePolicy())

    def sizeHint(self) -> QSize:
        return self._as_tall_as_here(self._asked()[0])

    def minimumSizeHint(self) -> QSize:
        return self._as_tall_as_here(self._asked()[1])

    def hasHeightForWidth(self) -> bool:
        return self._panel.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._panel.heightForWidth(width)
        return self._heights[width]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._panel.setGeometry(self.rect())
        self._pass_on()

    def settle(self) -> None:
        """Lay the panel out now: Qt would paint it once before and once after."""
        if layout := self._panel.layout():
            layout.activate()
        self._changed()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._changed()
            return True
        return super().event(event)

    def _changed(self) -> None:
        self._heights.clear()
        self._hints = None
        self._pass_on()

    def _asked(self) -> tuple[QSize, QSize]:
        if self._hints is None:
            self._hints = self._panel.sizeHint(), self._panel.minimumSizeHint()
        return self._hints

    def _pass_on(self) -> None:
        needs = self._measured()
        if needs != self._needs:
            self._needs = needs
            self.updateGeometry()

    def _measured(self) -> tuple[int, int]:
        """The width that is missing, and the height at the width that there is."""
        width = self.width()
        return max(0, self._asked()[1].width() - width), self.sizeHint().height()

    def _as_tall_as_here(self, size: QSize) -> QSize:
        """A panel of wrapped texts is as tall as they are at this width, not at the least one."""
        return QSize(size.width(), self.heightForWidth(self.width())) if self.hasHeightForWidth() else size
