"""Words for a command line, so that the program receives exactly them. What cannot be quoted is refused."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from advisor.errors import UsageError
from advisor.export.choices import Shell

# Read by every shell as it stands: a flag, a plain word, a whole number.
_BARE = re.compile(r"-{0,2}[A-Za-z][A-Za-z0-9_-]*|[0-9]+")

# Windows PowerShell reads these as the single quote, too (about_Quoting_Rules).
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


def command_line(words: Sequence[str], shell: Shell) -> str:
    """One line of `shell` that starts the first word with the others. Raises UsageError (cannot-quote)."""
    return " ".join(quoted(word, shell) for word in words)


def quoted(word: str, shell: Shell) -> str:
    """`word` for `shell`. Raises UsageError (cannot-quote) with the reason where that shell has no way."""
    check_text(word)
    if _BARE.fullmatch(word):
        return word
    return {"sh": shlex.quote, "powershell": _powershell, "cmd": _cmd}[shell](word)


def check_text(word: str) -> None:
    """Raise UsageError for what no line of text carries: control characters, what is not Unicode."""
    if any(ord(character) < 32 or ord(character) == 127 for character in word):
        raise refusal(word, "it has a control character in it")
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        raise refusal(word, "it is not valid Unicode") from None


def refusal(word: str, why: str) -> UsageError:
    """The error for a word that cannot be written down, shown as ASCII because it may be anything."""
    return UsageError(
        f"{word!a} cannot be written here: {why}.",
        hint="Rename the file, or choose another --shell or runtime.",
        code="cannot-quote",
    )


def _powershell(word: str) -> str:
    if '"' in word:
        raise refusal(word, "Windows PowerShell 5.1 loses double quotes on the way to a program")
    if not word or (" " in word and word.endswith("\\")):
        raise refusal(word, "Windows PowerShell 5.1 does not pass it on whole")
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", word) + "'"


def _cmd(word: str) -> str:
    if "%" in word:
        raise refusal(word, "cmd replaces %NAME% even within quotes, differently at the prompt and in a file")
    if '"' in word:
        raise refusal(word, "cmd and the program read a double quote in different ways")
    # The program's own reading (CommandLineToArgvW): backslashes before the closing quote count twice.
    trailing = len(word) - len(word.rstrip("\\"))
    return f'"{word}{chr(92) * trailing}"'
