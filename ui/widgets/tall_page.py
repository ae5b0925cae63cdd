"""`TallAsItsText`: the page inside a scroll area."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget


class TallAsItsText(QWidget):
    """As tall as its text is at the width it has, not at the narrowest it could have."""

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)
