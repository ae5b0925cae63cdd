"""A list that says what belongs into it while there is nothing to see."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QListWidget, QWidget


class HintedList(QListWidget):
    """`hint` stands in its middle while it has no rows, or none that is shown."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint

    @property
    def hint(self) -> str:
        """What it says now, empty where there are rows."""
        return "" if any(not self.isRowHidden(row) for row in range(self.count())) else self._hint

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if hint := self.hint:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            how = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect(), how, hint)
