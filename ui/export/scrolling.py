"""A column of cards that scrolls up and down, never sideways."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout

from ui.widgets.tall_page import TallAsItsText


def scrolling_column() -> tuple[QScrollArea, QVBoxLayout]:
    """The area, and the layout to fill."""
    page = TallAsItsText()
    em = page.fontMetrics().height()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, round(em * 0.5), 0)
    column.setSpacing(round(em * 0.7))
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its children take the focus; it scrolls to them
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area, column
