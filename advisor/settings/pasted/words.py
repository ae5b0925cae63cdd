"""Cutting a command line into words as sh, PowerShell or cmd would, without running anything.

Variables, substitutions and wildcards are left as they are written: their values are not ours to guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Shell = Literal["sh", "powershell", "cmd"]

_POWERSHELL_SINGLE = "'\u2018\u2019\u201a\u201b"
_POWERSHELL_DOUBLE = '"\u201c\u201d\u201e'
_WINDOWS_PATH = re.compile(r"(?:^|[\s\"'=])[A-Za-z]:\\|\\[\w.-]+\.(?:exe|gguf)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Line:
    """The line that is being read."""

    words: list[str]
    word: list[str] | None = None  # in pieces: a word may be as long as the text
    is_over: bool = False  # behind a pipe or a redirection

    def add(self, text: str) -> None:
        if self.word is None:
            self.word = []
        self.word.append(text)

    def end_word(self) -> None:
        if self.word is not None and not self.is_over:
            self.words.append("".join(self.word))
        self.word = None


def guessed_shell(text: str) -> Shell:
    """Whose quoting a text has, by what only one of the three writes."""
    if re.search(r"`[ \t]*$|^[ \t]*\$env:|^[ \t]*&[ \t]+['\"]", text, re.MULTILINE | re.IGNORECASE):
        return "powershell"
    if re.search(
        r"\^[ \t]*$|^[ \t]*(?:@?rem\b|@?set[ \t]+\"?\w+=|@echo)", text, re.MULTILINE | re.IGNORECASE
    ):
        return "cmd"
    if re.search(r"\\[ \t]*$|^#!", text, re.MULTILINE):
        return "sh"
    if not _WINDOWS_PATH.search(text):
        return "sh"
    return "powershell" if "'" in text else "cmd"


def lines_of(text: str, shell: Shell) -> list[list[str]]:
    """The words of each command in `text`; what follows a pipe or a redirection is left out."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    # A space behind the mark breaks the continuation in a shell; whoever pasted that meant one.
    mark = re.escape({"sh": "\\", "powershell": "`", "cmd": "^"}[shell])
    text = re.sub(rf"{mark}[ \t]*\n[ \t]*", " ", text)
    readers: dict[Shell, Callable[[str], Iterator[list[str]]]] = {
        "sh": _sh,
        "powershell": _powershell,
        "cmd": _cmd,
    }
    return [words for words in readers[shell](text) if words]


def _sh(text: str) -> Iterator[list[str]]:
    line, at = _Line([]), 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "'":
            end = text.find("'", at)
            end = len(text) if end < 0 else end
            line.add(text[at:end])
            at = end + 1
        elif character == '"':
            line.add("")
            while at < len(text) and text[at] != '"':
                if text[at] == "\\" and text[at + 1 : at + 2] in {"$", "`", '"', "\\"}:
                    at += 1
                line.add(text[at])
                at += 1
            at += 1
        elif character == "\\":
            line.add(text[at : at + 1])
            at += 1
        elif character == "#" and line.word is None:
            at = _line_end(text, at)
        elif character in " \t":
            line.end_word()
        elif character in "\n;":
            yield _ended(line)
            line = _Line([])
        elif character == "&" and text[at : at + 1] == "&":
            yield _ended(line)
            line, at = _Line([]), at + 1
        elif character in "|<>&":
            _stop(line)
        else:
            line.add(character)
    yield _ended(line)


def _powershell(text: str) -> Iterator[list[str]]:
    line, at = _Line([]), 0
    while at < len(text):
        character = text[at]
        at += 1
        if character in _POWERSHELL_SINGLE or character in _POWERSHELL_DOUBLE:
            at = _powershell_quoted(line, text, at, is_single=character in _POWERSHELL_SINGLE)
        elif character == "`":
            line.add(text[at : at + 1])
            at += 1
        elif character == "#" and line.word is None:
            at = _line_end(text, at)
        elif character in " \t":
            line.end_word()
        elif character in "\n;":
            yield _ended(line)
            line = _Line([])
        elif character == "&" and not line.words and line.word is None:
            continue  # the call operator
        elif character in "|<>":
            _stop(line)
        else:
            line.add(character)
    yield _ended(line)


def _powershell_quoted(line: _Line, text: str, at: int, *, is_single: bool) -> int:
    """A quoted part from `at` on, and where it ends. A doubled quote is one."""
    closing = _POWERSHELL_SINGLE if is_single else _POWERSHELL_DOUBLE
    line.add("")
    while at < len(text):
        following = text[at + 1 : at + 2]
        if text[at] in closing:
            if not following or following not in closing:
                return at + 1
            at += 1
        elif text[at] == "`" and not is_single and following:
            at += 1
        line.add(text[at])
        at += 1
    return at


def _cmd(text: str) -> Iterator[list[str]]:
    """cmd's own marks outside quotes, then the program's reading (CommandLineToArgvW)."""
    line, at, is_quoted = _Line([]), 0, False
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            at = _cmd_backslashes(line, text, at)
        elif character == '"':
            line.add("")
            is_quoted = not is_quoted
        elif character == "\n" or (character == "&" and not is_quoted):
            yield _ended(line)
            line, is_quoted = _Line([]), False
        elif is_quoted:
            line.add(character)
        elif character == "^":
            line.add(text[at : at + 1])
            at += 1
        elif character in " \t":
            line.end_word()
        elif character in "|<>":
            _stop(line)
        else:
            line.add(character)
    yield _ended(line)


def _cmd_backslashes(line: _Line, text: str, at: int) -> int:
    """Backslashes are themselves, but before a double quote two are one, and an odd one keeps the quote."""
    run = 1
    while text[at : at + 1] == "\\":
        at, run = at + 1, run + 1
    if text[at : at + 1] != '"':
        line.add("\\" * run)
        return at
    line.add("\\" * (run // 2))
    if run % 2:
        line.add('"')
        return at + 1
    return at


def _ended(line: _Line) -> list[str]:
    line.end_word()
    return line.words


def _stop(line: _Line) -> None:
    """A pipe or redirection: its file descriptor ("2>") is no word of the command."""
    if line.word is not None and "".join(line.word).isdecimal() and not line.is_over:
        line.word = None
    line.end_word()
    line.is_over = True


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
