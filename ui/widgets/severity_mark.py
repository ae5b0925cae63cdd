"""A small sign before a finding. Its shape says how grave it is; the colour only repeats it."""

from __future__ import annotations

from advisor.hardware.doctor.findings import Severity
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.colors import SHAPE_CONTRAST
from ui.theme import Tone, tone_color

# None: nothing is wrong.
TONES = {
    Severity.ERROR: Tone.BAD,
    Severity.WARNING: Tone.CAUTION,
    Severity.INFO: Tone.ACCENT,
    None: Tone.GOOD,
}


class SeverityMark(QWidget):
    """A cross in a disc, a triangle, an "i" in a disc, or a tick where nothing is wrong."""

    def __init__(self, severity: Severity | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.severity = severity
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 1.1)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone_color(TONES[self.severity], self.palette(), SHAPE_CONTRAST))
        if self.severity is Severity.WARNING:
            painter.drawPolygon(QPolygonF(self._at(box, (0.5, 0.03), (1.0, 0.95), (0.0, 0.95))))
        else:
            painter.drawEllipse(box)
        sign = QPen(self.palette().color(QPalette.ColorRole.Base), box.width() / 8)
        sign.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(sign)
        for stroke in _STROKES[self.severity]:
            painter.drawPolyline(QPolygonF(self._at(box, *stroke)))

    @staticmethod
    def _at(box: QRectF, *points: tuple[float, float]) -> list[QPointF]:
        return [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in points]


# In shares of the sign's width and height. A dot is a stroke without length.
_STROKES = {
    Severity.ERROR: (((0.33, 0.33), (0.67, 0.67)), ((0.67, 0.33), (0.33, 0.67))),
    Severity.WARNING: (((0.5, 0.38), (0.5, 0.62)), ((0.5, 0.79), (0.5, 0.8))),
    Severity.INFO: (((0.5, 0.27), (0.5, 0.28)), ((0.5, 0.46), (0.5, 0.75))),
    None: (((0.28, 0.52), (0.44, 0.68), (0.72, 0.36)),),
}
