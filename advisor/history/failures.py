"""Why the history could not be written or read, as an error with a sentence and a hint."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from advisor.errors import OutputError

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def is_broken(error: sqlite3.Error) -> bool:
    """True if the file is no database, or a damaged one."""
    return _code(error) in _BROKEN


def busy_or_unwritable(path: Path, error: Exception) -> OutputError:
    """The error for anything else that the disk or SQLite says."""
    code = _code(error)
    if code in _DISK:
        return OutputError(
            f"The history {path} cannot be written: the disk is full or fails.",
            hint="Make room on the disk; the answer itself is not lost.",
            code="history-disk-full",
        )
    if code in _BUSY:
        return OutputError(
            f"The history {path} is in use by another program that does not let go.",
            hint="Close other windows of Context Advisor and try again.",
            code="history-busy",
        )
    reason = getattr(error, "strerror", None)
    if code in _UNWRITABLE:
        reason = "the file or its folder cannot be opened or written"
    return OutputError(
        f"The history {path} cannot be used: {reason or str(error) or type(error).__name__}.",
        hint="Check the rights of that folder; the answer itself is not lost.",
        code="history-not-written",
    )


def newer(path: Path) -> OutputError:
    """It was written by a newer version of this program."""
    return OutputError(
        f"The history {path} belongs to a newer version of Context Advisor: it is read, but not changed.",
        hint="Update Context Advisor.",
        code="history-newer",
    )


def _code(error: Exception) -> int | None:
    """SQLite's primary result code: the low byte."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
