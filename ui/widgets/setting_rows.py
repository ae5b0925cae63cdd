"""Rows of settings: a caption, its fields, and at the end a "?" that explains the term."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from ui.widgets.help_button import HelpButton


class SettingRows(QGridLayout):
    """One below the other; fields that do not grow stand at the start of their row."""

    def __init__(self, em: int) -> None:
        """`em` is the height of a line of text."""
        super().__init__()
        self._em = em
        self._n_rows = 0
        self.caption_width = 0  # of the widest caption, for rows that stand above these
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(em)
        self.setVerticalSpacing(round(em * 0.5))
        self.setColumnStretch(1, 1)

    def add_row(self, words: str, *fields: QWidget, term: str = "") -> QLabel:
        """The caption of a new row; `term` is what its "?" explains."""
        caption = QLabel(words)
        caption.setBuddy(fields[0])
        self.caption_width = max(self.caption_width, caption.sizeHint().width())
        line = QHBoxLayout()
        line.setSpacing(round(self._em * 0.4))
        for field in fields:
            line.addWidget(field)
        if not fields[0].sizePolicy().expandingDirections() & Qt.Orientation.Horizontal:
            line.addStretch(1)
        self.addWidget(caption, self._n_rows, 0, Qt.AlignmentFlag.AlignVCenter)
        if term:
            line.addWidget(HelpButton(term, words.replace("&", "")).beside(caption))
        self.addLayout(line, self._n_rows, 1)
        self._n_rows += 1
        return caption

    def add_below(self, field: QWidget) -> None:
        """A field that is its own caption, below the others."""
        self.addWidget(field, self._n_rows, 1)
        self._n_rows += 1
