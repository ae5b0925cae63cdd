"""A file's text to be read and copied: fixed width, coloured, not to be changed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ui.export.highlighting import Highlighter


class ExportText(QPlainTextEdit):
    """Read only; Tab leaves it."""

    # Known to the class: Qt may say that the palette changed before the field is complete.
    _highlighter: Highlighter | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(fixed_font(self.font()))
        self._highlighter = Highlighter(self.document(), self.palette())

    def show_text(self, text: str, name: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
        self.setAccessibleName(self.tr("Text of {name}").format(name=name) if name else self.tr("No text"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._highlighter:
            self._highlighter.set_palette(self.palette())
        super().changeEvent(event)


def fixed_font(font: QFont) -> QFont:
    """The system's font for code, as large as `font`."""
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    mono.setPointSizeF(font.pointSizeF())
    return mono
