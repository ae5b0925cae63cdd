"""Colours for a text that will be copied: comments quiet, quoted text and names told apart."""

from __future__ import annotations

import re

from PySide6.QtGui import QPalette, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from ui import colors
from ui.theme import qcolor, rgb

_COMMENT = re.compile(r"(^|(?<=\s))#.*$")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")
_NAME = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*|^\s*[A-Z][A-Z_]+\b|^\s*[A-Za-z_]\w*(?==)")
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-])")


def spans(line: str) -> tuple[tuple[int, int, str], ...]:
    """(start, length, kind) of what is coloured in a line; later ones win over earlier ones."""
    found = [
        (match.start(), match.end() - match.start(), kind)
        for pattern, kind in ((_NUMBER, "number"), (_NAME, "name"), (_QUOTED, "quoted"))
        for match in pattern.finditer(line)
    ]
    comment = next((m for m in _COMMENT.finditer(line) if not _is_quoted(line, m.start())), None)
    if comment:
        found = [span for span in found if span[0] < comment.start()]
        found.append((comment.start(), len(line) - comment.start(), "comment"))
    return tuple(found)


def _is_quoted(line: str, at: int) -> bool:
    return any(match.start() < at < match.end() for match in _QUOTED.finditer(line))


class Highlighter(QSyntaxHighlighter):
    """Colours one document with the palette's colours."""

    def __init__(self, document: QTextDocument, palette: QPalette) -> None:
        super().__init__(document)
        self.set_palette(palette)

    def set_palette(self, palette: QPalette) -> None:
        base = rgb(palette.color(QPalette.ColorRole.Base))
        shades = {"number": colors.BLUE, "name": colors.PURPLE, "quoted": colors.GREEN}
        self._formats = {kind: _colored(colors.readable(shade, base)) for kind, shade in shades.items()}
        self._formats["comment"] = _colored(rgb(palette.color(QPalette.ColorRole.PlaceholderText)))
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for start, length, kind in spans(text):
            self.setFormat(start, length, self._formats[kind])


def _colored(color: colors.Rgb) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(qcolor(color))
    return made
