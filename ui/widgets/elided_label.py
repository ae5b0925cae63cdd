"""A label that gives way where there is no room, and says all of its text where the mouse rests."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QWidget

from ui.widgets.labels import scaled, verbatim

_LEAST_EMS = 5


class ElidedLabel(QLabel):
    """The middle is left out: a device's name differs from others at its end, too."""

    # Known to the class: Qt asks for its size before the label is complete.
    _most_ems: float | None = None

    def __init__(
        self,
        text: str = "",
        *,
        size: float = 1.0,
        most_ems: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`most_ems`: the width, in lines of text, that it asks for at most; it takes more if there is."""
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(scaled(self.font(), size))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._most_ems = most_ems
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._tell()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if self._most_ems is None:
            return hint
        return QSize(min(hint.width(), round(self.fontMetrics().height() * self._most_ems)), hint.height())

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self.fontMetrics().height() * _LEAST_EMS), hint.height())

    @property
    def shown(self) -> str:
        """What stands there now."""
        room = self.contentsRect().width()
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        side = QStyle.visualAlignment(self.layoutDirection(), self.alignment())
        painter.drawText(self.contentsRect(), side, self.shown)

    def _tell(self) -> None:
        self.setToolTip(verbatim(self.text()) if self.shown != self.text() else "")
