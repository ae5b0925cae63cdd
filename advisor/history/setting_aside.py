"""A damaged history is renamed, never deleted, so that a new one can begin and the old one be looked into."""

from __future__ import annotations

import glob
import sqlite3
from datetime import datetime
from pathlib import Path

from advisor.basis import Note
from advisor.history.database import connected
from advisor.history.failures import busy_or_unwritable, is_broken

_BROKEN = ".broken-"  # what it is renamed to, with the day
_BESIDE = ("-journal", "-wal", "-shm")  # SQLite's own files beside a database


def set_aside(path: Path, now: datetime) -> None:
    """Renames the history at `path` if it is broken. What another program has mended meanwhile stays.

    SQLite's own lock on a file beside it keeps two programs from doing this at once. Raises OutputError.
    """
    try:
        with connected(path.with_name(path.name + ".guard")) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            if _is_sound(path):
                return
            broken = _free_name(path, now)
            path.replace(broken)
            for ending in _BESIDE:
                beside = path.with_name(path.name + ending)
                if beside.exists():
                    beside.replace(broken.with_name(broken.name + ending))
    except (OSError, sqlite3.Error) as error:
        raise busy_or_unwritable(path, error) from error


def set_aside_notes(path: Path) -> tuple[Note, ...]:
    """A note for each damaged history beside `path`, whoever set it aside."""
    try:
        found = path.parent.glob(f"{glob.escape(path.name)}{_BROKEN}*")
        names = sorted(other.name for other in found if not other.name.endswith(_BESIDE))
    except OSError:
        return ()
    text = "A damaged history was set aside as {}; the proofs since then are in a new one."
    return tuple(Note("history-set-aside", text.format(name)) for name in names)


def _is_sound(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        with connected(path) as database:
            return bool(database.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if is_broken(error):
            return False
        raise


def _free_name(path: Path, now: datetime) -> Path:
    stem = f"{path.name}{_BROKEN}{now:%Y-%m-%d}"
    name, number = stem, 1
    while path.with_name(name).exists():
        number += 1
        name = f"{stem}-{number}"
    return path.with_name(name)
