"""A history on a day that is always the same, and a look into its file without the program."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from advisor.history.store import History

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def history_in(folder: Path) -> History:
    return History(folder / "data" / "history.sqlite3", clock=lambda: NOW)


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    """What SQLite itself answers to a statement."""
    database = sqlite3.connect(path)
    try:
        with database:
            return database.execute(statement).fetchall()
    finally:
        database.close()
