"""Text files as a prompt: their encoding, what kinds of characters they hold, and their text in pieces.

A file is read twice, in blocks: once to see what it is, once to be counted. No file is ever whole in memory.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from advisor.errors import UsageError
from advisor.units import KiB, MiB, format_bytes

BLOCK_BYTES = 256 * KiB
PIECE_CHARACTERS = 64 * KiB
# At some four characters a token this is four times the longest context that there can be.
MAX_FILE_BYTES = 256 * MiB

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's: tried first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How documents begin that hold text, but not as text.
_DOCUMENTS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a packed document (like DOCX, ODT or EPUB) or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"GGUF", "a GGUF model"),
)
_REPLACEMENT = "\ufffd"
_LETTERS_UP_TO = 0x0530  # Latin, Greek and Cyrillic letters lie below


@dataclass(frozen=True, slots=True)
class Characters:
    """How many characters of each kind a text has; what is not named here is `plain`.

    `plain`: ASCII letters and white space; `signs`: ASCII digits and punctuation; `accented`: Latin letters
    with accents, Greek, Cyrillic; `other`: all further scripts and signs.
    """

    plain: int = 0
    signs: int = 0
    accented: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.plain + self.signs + self.accented + self.other


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that is text, and how to read it."""

    path: Path
    encoding: str
    characters: Characters


def inspect_text(path: Path, go_on: Callable[[], None] = lambda: None) -> TextFile:
    """Reads a text file through once: UTF-8, what its byte order mark says, else Latin-1.

    `go_on` is called between blocks and may raise. Raises UsageError for a file that cannot be read, that is
    no text, or that no context could hold.
    """
    try:
        _check_size(path)
        with path.open("rb") as file:
            start = file.read(BLOCK_BYTES)
            encoding = _encoding_of(path, start)
            file.seek(0)
            characters, is_damaged = _characters(file, encoding, go_on)
            if is_damaged:
                file.seek(0)
                encoding = "latin-1"
                characters, _ = _characters(file, encoding, go_on)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return TextFile(path, encoding, characters)


def pieces(text: TextFile) -> Iterator[str]:
    """The text in pieces of at most PIECE_CHARACTERS, cut at the end of a line or word where there is one.

    Raises UsageError if the file cannot be read any more.
    """
    pending = ""
    try:
        with text.path.open("rb") as file:
            for block in _decoded(file, text.encoding):
                pending += block
                while len(pending) > PIECE_CHARACTERS:
                    end = _cut(pending)
                    yield pending[:end]
                    pending = pending[end:]
    except OSError as error:
        raise _unreadable(text.path, error) from error
    if pending:
        yield pending


def characters_of(text: str) -> Characters:
    """The kinds of characters in a text."""
    if text.isascii():
        plain = _plain(text)
        return Characters(plain=plain, signs=len(text) - plain)
    ascii_part = text.encode("ascii", "ignore").decode("ascii")
    plain = _plain(ascii_part)
    accented = sum("\x80" <= character < chr(_LETTERS_UP_TO) for character in text)
    return Characters(
        plain=plain,
        signs=len(ascii_part) - plain,
        accented=accented,
        other=len(text) - len(ascii_part) - accented,
    )


def _plain(text: str) -> int:
    """Letters and white space of an ASCII text."""
    return len(text.translate(_WITHOUT_SIGNS))


_WITHOUT_SIGNS = {code: None for code in range(128) if not (chr(code).isalpha() or chr(code).isspace())}


def _check_size(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise UsageError(
            f"{path} is not a file.", hint="Name the text files one by one.", code="prompt-unreadable"
        )
    n_bytes = path.stat().st_size
    if n_bytes > MAX_FILE_BYTES:
        raise UsageError(
            f"{path} has {format_bytes(n_bytes)}: no context holds so much text.",
            hint="Choose the part that matters.",
            code="prompt-too-large",
        )


def _encoding_of(path: Path, start: bytes) -> str:
    """By its beginning; raises UsageError for what is no text."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    for magic, what in _DOCUMENTS:
        if start.startswith(magic):
            raise UsageError(
                f"{path} is {what}, not plain text.",
                hint="Export it as plain text first, or give --pages or --chars.",
                code="prompt-not-text",
            )
    if b"\0" in start:
        raise UsageError(
            f"{path} is not a text file.",
            hint="Choose a text file, saved as UTF-8; or give --pages or --chars.",
            code="prompt-not-text",
        )
    return "utf-8"


def _characters(file: BinaryIO, encoding: str, go_on: Callable[[], None]) -> tuple[Characters, bool]:
    """The kinds of characters; and whether the text makes no sense as UTF-8.

    A broken character here and there is only that. Text of an old encoding breaks at each of its accents.
    """
    total = Characters()
    n_broken = 0
    for block in _decoded(file, encoding):
        go_on()
        found = characters_of(block)
        n_broken += block.count(_REPLACEMENT)
        total = Characters(
            plain=total.plain + found.plain,
            signs=total.signs + found.signs,
            accented=total.accented + found.accented,
            other=total.other + found.other,
        )
    is_damaged = encoding == "utf-8" and n_broken * 2 > total.accented + total.other
    return total, is_damaged


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while block := file.read(BLOCK_BYTES):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _cut(text: str) -> int:
    """Where a piece may end: after a line, else before the space in front of a word, else anywhere.

    Tokenizers take a word with the space before it, and keep line ends apart from what follows them.
    """
    half = PIECE_CHARACTERS // 2
    after_line = text.rfind("\n", half, PIECE_CHARACTERS) + 1
    if after_line:
        return after_line
    before_word = text.rfind(" ", half, PIECE_CHARACTERS)
    return before_word if before_word > 0 else PIECE_CHARACTERS


def _unreadable(path: Path, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or "its name or content cannot be used"
    return UsageError(
        f"{path} cannot be read: {reason}.", hint="Check its name and rights.", code="prompt-unreadable"
    )
