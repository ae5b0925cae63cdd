"""What was read from the headers of models, kept from one run to the next: a file in the user's cache.

An entry holds for one path with the sizes and times that its files had, as one version of this program read
it. A cache that is broken, locked or not to be written is no trouble: the headers are then read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

import advisor
from advisor.library.listing.facts_json import shape_of_facts
from advisor.presets import APPLICATION

_FORMAT = 1
_BUSY_SECONDS = 1.0
_MOST_ENTRIES = 20_000
_MOST_UNSAVED = 200
_TABLE = (
    "CREATE TABLE IF NOT EXISTS headers (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, line TEXT NOT NULL, "
    "facts BLOB NOT NULL, computer TEXT NOT NULL, judgement TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one model: `line` and `judgement` are JSON, empty where they are not known."""

    stamp: str
    line: str
    computer: str = ""
    judgement: str = ""


def cache_file() -> Path:
    """The file for this user."""
    folder = platformdirs.user_cache_path(APPLICATION, appauthor=False)
    return folder / "headers.sqlite3"


def stamp_of(shards: Sequence[Path]) -> str | None:
    """Sizes and times of a model's files, None where they cannot be had."""
    try:
        found = [path.stat() for path in shards]
    except (OSError, ValueError):
        return None
    return ";".join(f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}" for status in found)


class HeaderCache:
    """The entries of one run, read at the start. Not for several threads; see `opened`."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection
        self._unsaved = 0
        self._entries: dict[str, Entry] = {}
        if connection:
            rows = connection.execute("SELECT path, stamp, line, computer, judgement FROM headers")
            self._entries = {path: Entry(*rest) for path, *rest in rows}

    def entry(self, path: Path, stamp: str) -> Entry | None:
        """What is known of the model at `path` as it is now."""
        found = self._entries.get(_key(path))
        return found if found and found.stamp == stamp else None

    def facts(self, path: Path) -> str | None:
        """The JSON of the facts of an entry, None where they cannot be had."""
        if not self._connection:
            return None
        try:
            row = self._connection.execute(
                "SELECT facts FROM headers WHERE path = ?", (_key(path),)
            ).fetchone()
            return zlib.decompress(row[0]).decode() if row and row[0] else None
        except (sqlite3.Error, zlib.error, UnicodeDecodeError, TypeError):
            return None

    def keep(self, path: Path, entry: Entry, facts: str) -> None:
        """Remember what was just read."""
        self._entries[_key(path)] = entry
        row = (_key(path), entry.stamp, entry.line, zlib.compress(facts.encode(), 1) if facts else b"")
        self._write(
            "INSERT OR REPLACE INTO headers VALUES (?, ?, ?, ?, ?, ?)",
            (*row, entry.computer, entry.judgement),
        )

    def keep_judgement(self, path: Path, entry: Entry) -> None:
        """Remember another judgement of a model whose facts are known."""
        self._entries[_key(path)] = entry
        self._write(
            "UPDATE headers SET computer = ?, judgement = ? WHERE path = ?",
            (entry.computer, entry.judgement, _key(path)),
        )

    def save(self) -> None:
        """Write what is not written yet. A disk that is full is no trouble here."""
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                if len(self._entries) > _MOST_ENTRIES:
                    self._connection.execute("DELETE FROM headers")  # of folders that were looked at once
                self._connection.commit()
        self._unsaved = 0

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        if not self._connection:
            return
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(statement, values)
        self._unsaved += 1
        if self._unsaved >= _MOST_UNSAVED:
            self.save()


@contextlib.contextmanager
def opened(file: Path | None = None) -> Iterator[HeaderCache]:
    """The cache in `file`, or the user's own, made anew where it cannot be read. Never raises itself."""
    file = file or cache_file()
    connection, cache = _connected(file)
    try:
        yield cache
    finally:
        cache.save()
        if connection:
            connection.close()


def _connected(file: Path, *, once_more: bool = True) -> tuple[sqlite3.Connection | None, HeaderCache]:
    connection = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS)
        connection.execute("PRAGMA synchronous = OFF")  # it can all be read again
        connection.execute(_TABLE)
        written_by = f"{_FORMAT}:{_program()}"
        number = int(hashlib.sha256(written_by.encode()).hexdigest()[:7], 16)
        if connection.execute("PRAGMA user_version").fetchone()[0] != number:
            connection.execute("DROP TABLE headers")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.commit()
        return connection, HeaderCache(connection)
    except (sqlite3.Error, OSError, ValueError, TypeError) as error:
        if connection:
            connection.close()
        if once_more and "locked" not in str(error):
            try:
                file.unlink()
            except OSError:  # there is none, or another program has it open
                return None, HeaderCache(None)
            return _connected(file, once_more=False)
        return None, HeaderCache(None)


def _program() -> str:
    """What reads headers and plans: its version, and the state of its own files where they are files."""
    parts = [advisor.__version__, shape_of_facts()]
    here = Path(advisor.__file__).parent
    sources = sorted(here.rglob("*.py")) or [Path(sys.executable)]
    for source in sources:
        with contextlib.suppress(OSError):
            status = source.stat()
            parts.append(f"{source.name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256(";".join(parts).encode()).hexdigest()


def _key(path: Path) -> str:
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")
