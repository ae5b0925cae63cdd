"""`PrimaryButton`: the one button of a group that most people want, in the accent colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QPushButton, QWidget

_RADIUS = 4


class PrimaryButton(QPushButton):
    """Filled where it can be pressed; as any other button where it cannot."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        font = self.font()
        font.setBold(True)
        self.setFont(font)

    def sizeHint(self) -> QSize:
        """With room for the ring that shows the focus."""
        return super().sizeHint() + QSize(round(self.fontMetrics().height() * 0.7), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Flat: the style's own shading would leave too little contrast to the words."""
        if not self.isEnabled():
            super().paintEvent(event)
            return
        palette = self.palette()
        fill = palette.color(QPalette.ColorRole.Highlight)
        if self.isDown() or self.underMouse():
            fill = fill.darker(125 if self.isDown() else 110)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
        words = palette.color(QPalette.ColorRole.HighlightedText)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(words, 1.5))
            painter.drawRoundedRect(frame.adjusted(2, 2, -2, -2), _RADIUS - 1, _RADIUS - 1)
        painter.setPen(words)
        painter.setFont(self.font())
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextShowMnemonic, self.text()
        )
