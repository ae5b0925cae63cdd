"""One opening of the history's file: its connection, its transactions, its schema.

The journal is SQLite's plain one: a write-ahead log would not work on network folders, nor for reading in a
folder that cannot be written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from advisor.history.failures import newer

BUSY_SECONDS = 10.0

# One script for each version of the schema: what makes it of the one before. Never changed, only added to.
MIGRATIONS = (
    """
    CREATE TABLE probe (id INTEGER PRIMARY KEY AUTOINCREMENT, model_key TEXT NOT NULL, record TEXT NOT NULL);
    CREATE INDEX probe_by_model ON probe (model_key, id);
    """,
)


@contextlib.contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """The database in this file, closed after the block. Raises sqlite3.Error."""
    # No isolation level: transactions begin where they are written below, not where Python guesses.
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    # Records are ASCII: one with other bytes is damaged, and must not make the others unreadable.
    database.text_factory = lambda content: content.decode("ascii", "replace")
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. The lock for writing is taken at once: two readers would wait for each other."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has already rolled back
            database.execute("ROLLBACK")
        raise


def version(database: sqlite3.Connection) -> int:
    """The schema's: 0 for a file without one, more than `MIGRATIONS` has for a newer program's."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def migrate(database: sqlite3.Connection, path: Path) -> None:
    """Brings the schema to this version's. Raises OutputError for a newer one; `path` is what it names."""
    if version(database) == len(MIGRATIONS):
        return
    with transaction(database):
        found = version(database)  # another program may have been faster
        if found > len(MIGRATIONS):
            raise newer(path)
        for script in MIGRATIONS[found:]:
            for statement in script.split(";"):
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
