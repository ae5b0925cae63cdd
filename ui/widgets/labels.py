"""Text on the page: the type scale, muted and toned labels, chips. Colours come from the palette."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette, QPen, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.colors import SHAPE_CONTRAST
from ui.theme import Tone, border_color, tone_color

SMALL = 0.88
LARGE = 1.35
HEADLINE = 2.6


def scaled(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """The font at another size of the scale."""
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * factor)
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def verbatim(text: str) -> str:
    """For tool tips and message boxes, which read as HTML what looks like it: a file's name must not be."""
    return f"<span>{escape(text)}</span>" if Qt.mightBeRichText(text) else text


def label(text: str = "", *, size: float = 1.0, bold: bool = False, wraps: bool = False) -> QLabel:
    """A label whose text can be selected and copied."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(scaled(made.font(), size, bold=bold))
    made.setWordWrap(wraps)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if wraps:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def muted_label(text: str = "", *, size: float = 1.0, wraps: bool = False) -> QLabel:
    """A label for what is read second."""
    made = label(text, size=size, wraps=wraps)
    made.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return made


class ToneLabel(QLabel):
    """A label whose colour says good, caution or bad, beside what its words say."""

    def __init__(self, text: str = "", tone: Tone = Tone.QUIET, *, bold: bool = False) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(scaled(self.font(), 1.0, bold=bold))
        self._tone = tone
        self._color()

    def set_tone(self, tone: Tone) -> None:
        if tone is not self._tone:
            self._tone = tone
            self._color()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._color()
        super().changeEvent(event)

    def _color(self) -> None:
        palette = self.palette()
        wanted = (
            palette.color(QPalette.ColorRole.PlaceholderText)
            if self._tone is Tone.QUIET
            else tone_color(self._tone, palette)
        )
        # Setting a palette is a palette change again: stop when there is nothing left to change.
        if palette.color(QPalette.ColorRole.WindowText) != wanted:
            palette.setColor(QPalette.ColorRole.WindowText, wanted)
            self.setPalette(palette)


class Dot(QWidget):
    """A small coloured dot beside a word."""

    def __init__(self, tone: Tone = Tone.QUIET) -> None:
        super().__init__()
        self._tone = tone
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_tone(self, tone: Tone) -> None:
        if tone is not self._tone:
            self._tone = tone
            self.update()

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 0.55)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone_color(self._tone, self.palette(), SHAPE_CONTRAST))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


class Chip(QLabel):
    """A short fact in a rounded outline."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(scaled(self.font(), SMALL))
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setWordWrap(True)
        em = self.fontMetrics().height()
        self.setContentsMargins(round(em * 0.7), round(em * 0.22), round(em * 0.7), round(em * 0.22))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(border_color(self.palette()), 1))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = min(frame.height() / 2, self.fontMetrics().height() * 0.7)
        painter.drawRoundedRect(frame, radius, radius)
        painter.end()
        super().paintEvent(event)
