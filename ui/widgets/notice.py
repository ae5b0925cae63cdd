"""A calm card for what went wrong or should be seen first: a sentence, and what to do next."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ui.theme import Tone
from ui.widgets.card import Card
from ui.widgets.labels import label, muted_label


class Notice(Card):
    """A sentence with a hint, and the command that may help."""

    def __init__(self, tone: Tone, action: QAction | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_tone(tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._message = label(wraps=True)
        self._hint = muted_label(wraps=True)
        words = QVBoxLayout()
        words.setSpacing(round(self.fontMetrics().height() * 0.2))
        words.addWidget(self._message)
        words.addWidget(self._hint)
        line = QHBoxLayout()
        line.setSpacing(self.fontMetrics().height())
        line.addLayout(words, 1)
        if action:
            button = QToolButton()
            button.setDefaultAction(action)
            line.addWidget(button)
        self.body.addLayout(line)
        self.hide()

    @property
    def text(self) -> str:
        return f"{self._message.text()} {self._hint.text()}".strip()

    def show_text(self, message: str, hint: str = "") -> None:
        """Show these sentences, or nothing where there are none."""
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(message)
        self.setAccessibleDescription(hint)
        self.setVisible(bool(message))
