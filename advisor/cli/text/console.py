"""The terminal: where text for people goes, what says that work is going on, and text made safe for it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from advisor.printable import printable

if TYPE_CHECKING:  # rich takes 60 ms to import, and --json does not need it
    from rich.console import Console


def text_console() -> Console:
    """Where text for people goes. Names from a file are never read as markup (see `plain`)."""
    from rich.console import Console, ConsoleRenderable, RenderHook
    from rich.padding import Padding
    from rich.text import Text

    class TextConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `main` knows what to do; rich would exit with code 1

    class KeptIndent(RenderHook):
        """A line that begins with spaces keeps them where the terminal breaks it."""

        def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [self._indented(it) if isinstance(it, Text) else it for it in renderables]

        def _indented(self, line: Text) -> ConsoleRenderable:
            indent = len(line.plain) - len(line.plain.lstrip(" "))
            if not indent or "\n" in line.plain:
                return line
            return Padding(line[indent:], (0, 0, 0, indent), expand=False)

    console = TextConsole(highlight=False, markup=False, emoji=False)
    console.push_render_hook(KeptIndent())
    return console


def progress(words: str, *, quiet: bool) -> AbstractContextManager[object]:
    """A line on stderr with a spinner while something takes time; nothing if not on a terminal."""
    if quiet or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(words)


def plain(text: str) -> str:
    """Text out of a file, safe for a terminal: control characters are shown, not obeyed."""
    return printable(text, limit=None)
