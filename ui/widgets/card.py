"""`Card`: the rounded panel that everything on the model's page lies on."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from ui.theme import Tone, border_color, tinted, tone_color
from ui.widgets.elided_label import ElidedLabel
from ui.widgets.labels import SMALL, label

_RADIUS = 6


class Card(QFrame):
    """A panel; a tone gives it a coloured edge and tint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: Tone | None = None
        em = self.fontMetrics().height()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(em, round(em * 0.75), em, round(em * 0.85))
        self.body.setSpacing(round(em * 0.5))

    def set_tone(self, tone: Tone | None) -> None:
        if tone is not self._tone:
            self._tone = tone
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(border_color(palette), 1))
        painter.setBrush(
            tinted(self._tone, palette, 0.08) if self._tone else palette.color(QPalette.ColorRole.Base)
        )
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
        if self._tone:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tone_color(self._tone, palette))
            leading = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
            x = frame.left() if leading else frame.right() - 4
            painter.drawRoundedRect(QRectF(x, frame.top(), 4, frame.height()), 2, 2)


class TitledCard(Card):
    """A panel with a title, and a quiet remark at the other end of its line, which gives way."""

    def __init__(self, title: str, aside: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label(bold=True)
        self.aside = ElidedLabel(aside, size=SMALL)
        self.aside.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.aside.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.addWidget(self.title)
        line.addWidget(self.aside, 1)
        self.body.addLayout(line)
        self.set_title(title)

    def set_title(self, title: str) -> None:
        self.title.setText(title)
        self.setAccessibleName(title)


def clear_layout(layout: QLayout) -> None:
    """Remove and delete all rows of a panel before it is filled anew."""
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
        elif inner := item.layout():
            clear_layout(inner)
