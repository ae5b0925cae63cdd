"""Colours for a text that will be copied: comments quiet, quoted text and names told apart; and for a
difference, whose lines say by their first sign what they are."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtGui import QPalette, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from ui import colors
from ui.theme import Tone, qcolor, rgb, tinted, tone_color

_COMMENT = re.compile(r"(^|(?<=\s))#.*$")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")
_NAME = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*|^\s*[A-Z][A-Z_]+\b|^\s*[A-Za-z_]\w*(?==)")
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-])")


Span = tuple[int, int, str]


def spans(line: str) -> tuple[Span, ...]:
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


def difference_spans(line: str) -> tuple[Span, ...]:
    """The same for a line of a unified difference: all of it added, removed, or about it."""
    for sign, kind in (
        ("---", "comment"),
        ("+++", "comment"),
        ("@@", "comment"),
        ("+", "added"),
        ("-", "removed"),
    ):
        if line.startswith(sign):
            return ((0, len(line), kind),)
    return ()


def _is_quoted(line: str, at: int) -> bool:
    return any(match.start() < at < match.end() for match in _QUOTED.finditer(line))


class Highlighter(QSyntaxHighlighter):
    """Colours one document with the palette's colours."""

    def __init__(
        self,
        document: QTextDocument,
        palette: QPalette,
        spans_of: Callable[[str], tuple[Span, ...]] = spans,
    ) -> None:
        super().__init__(document)
        self._spans_of = spans_of
        self.set_palette(palette)

    def set_palette(self, palette: QPalette) -> None:
        base = rgb(palette.color(QPalette.ColorRole.Base))
        shades = {"number": colors.BLUE, "name": colors.PURPLE, "quoted": colors.GREEN}
        self._formats = {kind: _colored(colors.readable(shade, base)) for kind, shade in shades.items()}
        self._formats["comment"] = _colored(rgb(palette.color(QPalette.ColorRole.PlaceholderText)))
        for kind, tone in (("added", Tone.GOOD), ("removed", Tone.BAD)):
            self._formats[kind] = _colored(rgb(tone_color(tone, palette)))
            self._formats[kind].setBackground(tinted(tone, palette))
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for start, length, kind in self._spans_of(text):
            self.setFormat(start, length, self._formats[kind])


def _colored(color: colors.Rgb) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(qcolor(color))
    return made
