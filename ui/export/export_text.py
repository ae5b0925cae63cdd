"""A text to be read and copied: fixed width, coloured, not to be changed, as tall as its lines."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ui.export.highlighting import Highlighter, Span, spans

_MOST_LINES = 20
_FEWEST_LINES = 3


class ExportText(QPlainTextEdit):
    """Read only; Tab leaves it."""

    # Known to the class: Qt may say that the palette changed before the field is complete.
    _highlighter: Highlighter | None = None

    def __init__(
        self, spans_of: Callable[[str], tuple[Span, ...]] = spans, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(fixed_font(self.font()))
        self._highlighter = Highlighter(self.document(), self.palette(), spans_of)
        self._fit()

    def show_text(self, text: str, name: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text.rstrip("\n"))
            self._fit()
        self.setAccessibleName(self.tr("Text of {name}").format(name=name) if name else self.tr("No text"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._highlighter:
            self._highlighter.set_palette(self.palette())
        super().changeEvent(event)

    def _fit(self) -> None:
        """As tall as the text, within limits: beyond them it scrolls by itself."""
        lines = min(max(self.document().size().height(), _FEWEST_LINES), _MOST_LINES)  # Qt counts in lines
        around = 2 * (self.frameWidth() + self.document().documentMargin())
        self.setFixedHeight(ceil(lines * self.fontMetrics().lineSpacing() + around) + 1)


def fixed_font(font: QFont) -> QFont:
    """The system's font for code, as large as `font`."""
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    mono.setPointSizeF(font.pointSizeF())
    return mono
