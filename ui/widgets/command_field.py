"""A command to be copied: exact, selectable, with a button that says when it is on the clipboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from ui.widgets.labels import SMALL, scaled, verbatim


class CopyButton(QPushButton):
    """Puts a text on the clipboard, and says so until something else is there."""

    def __init__(self, words: str, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._words = words
        self.text_to_copy = text
        self.setAutoDefault(False)
        # As wide as its longer word: nothing moves when it changes.
        self.setText(self.tr("Copied"))
        copied_width = self.sizeHint().width()
        self.setText(words)
        self.setMinimumWidth(max(copied_width, self.sizeHint().width()))
        self.clicked.connect(self._copy)
        QGuiApplication.clipboard().dataChanged.connect(self._clipboard_changed)

    def set_text(self, text: str) -> None:
        """What a click copies from now on."""
        self.text_to_copy = text
        self._clipboard_changed()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text_to_copy)
        self._clipboard_changed()

    def _clipboard_changed(self) -> None:
        is_there = bool(self.text_to_copy) and QGuiApplication.clipboard().text() == self.text_to_copy
        self.setText(self.tr("Copied") if is_there else self._words)


class CommandField(QWidget):
    """The command in a field, and the button beside it."""

    def __init__(self, command: str, purpose: str, parent: QWidget | None = None) -> None:
        """`purpose` says to a screen reader what the command is for."""
        super().__init__(parent)
        self.field = QLineEdit(command)
        self.field.setReadOnly(True)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPointSizeF(self.font().pointSizeF())
        self.field.setFont(scaled(mono, SMALL))
        self.field.setCursorPosition(0)
        self.field.setToolTip(verbatim(command))
        self.field.setAccessibleName(self.tr("Command: {purpose}").format(purpose=purpose))
        self.copy_button = CopyButton(self.tr("Copy"), command)
        self.copy_button.setAccessibleName(self.tr("Copy the command"))
        self.copy_button.setAccessibleDescription(command)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(round(self.fontMetrics().height() * 0.5))
        line.addWidget(self.field, 1)
        line.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignVCenter)
