"""The frame that the pages beside the model's own share: a way back, a title, one column that scrolls."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, Qt, SignalInstance
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui.widgets.labels import LARGE, label
from ui.widgets.tall_page import TallAsItsText

translate = QCoreApplication.translate


class PageFrame:
    """Makes a scroll area such a page. `column` is filled by the page itself, below the head.

    `leave` is the signal that says that the user wants back.
    """

    def __init__(
        self,
        area: QScrollArea,
        title: str,
        leave: SignalInstance,
        *,
        buttons: Iterable[QPushButton] = (),
    ) -> None:
        self._area = area
        em = area.fontMetrics().height()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its children take the focus; it scrolls to them
        area.setAccessibleName(title)
        words = translate("page", "Back")
        self.back = QPushButton(f"\u2039 {words}")
        self.back.setAccessibleName(words)
        self.back.clicked.connect(leave)
        for key in (QKeySequence(Qt.Key.Key_Escape), QKeySequence(QKeySequence.StandardKey.Back)):
            shortcut = QShortcut(key, area)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(leave)
        self.head = QWidget()
        line = QHBoxLayout(self.head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(round(em * 0.7))
        line.addWidget(self.back)
        line.addWidget(label(title, size=LARGE, bold=True))
        line.addStretch(1)
        for button in buttons:
            line.addWidget(button)
        page = TallAsItsText()
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(round(em * 1.4), em, round(em * 1.4), round(em * 1.2))
        self.column.setSpacing(em)
        self.column.addWidget(self.head)
        area.setWidget(page)

    def width_for(self, *parts: QWidget) -> int:
        """The least width at which the head and these stand below one another uncut."""
        margins = self.column.contentsMargins()
        bar = self._area.verticalScrollBar().sizeHint().width()
        widest = max(part.minimumSizeHint().width() for part in (self.head, *parts))
        return widest + margins.left() + margins.right() + bar

    def turn(self, rows: Iterable[QBoxLayout], *, least_ems: int) -> None:
        """Side by side where the page is wide enough for it, else below one another."""
        is_narrow = self._area.viewport().width() < least_ems * self._area.fontMetrics().height()
        directions = QBoxLayout.Direction
        for row in rows:
            row.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
