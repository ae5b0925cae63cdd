"""`History`: the proofs of this user, in one SQLite file that any number of programs may use at once.

Each call opens the file anew and closes it. The journal is SQLite's plain one: a write-ahead log would not
work on network folders, nor for reading in a folder that cannot be written.
"""

from __future__ import annotations

import contextlib
import glob
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.history.failures import busy_or_unwritable, is_broken, newer
from advisor.history.record import ProbeRecord, UnreadableRecord, decoded, encoded, is_same, marks
from advisor.presets import APPLICATION
from advisor.probe.lessons import Lesson, about, combined
from advisor.settings.calibration import Calibration

BUSY_SECONDS = 10.0
BROKEN = ".broken-"  # what a damaged history is renamed to, with the day
BESIDE = ("-journal", "-wal", "-shm")  # SQLite's own files beside a database

# One script for each version of the schema: what makes it of the one before. Never changed, only added to.
MIGRATIONS = (
    """
    CREATE TABLE probe (id INTEGER PRIMARY KEY AUTOINCREMENT, model_key TEXT NOT NULL, record TEXT NOT NULL);
    CREATE INDEX probe_by_model ON probe (model_key, id);
    """,
)


def history_path() -> Path:
    """Where the history lies: the platform's directory for a program's own data."""
    from platformdirs import user_data_dir  # not every command needs a history

    return Path(user_data_dir(APPLICATION, appauthor=False)) / "history.sqlite3"


class History:
    """Calls may come from any thread and any number of processes.

    Nothing is ever thrown away silently: `notes` tells what was set aside or could not be read.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = path or history_path()
        self._clock = clock
        self._lock = threading.Lock()
        self._notes: dict[str, Note] = {}

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a person should know about this history: a damaged one beside it, whoever set it aside."""
        found = [_set_aside_note(path.name) for path in self._set_aside_before()]
        with self._lock:
            return (*found, *self._notes.values())

    def add(self, record: ProbeRecord) -> int:
        """Keeps a record and returns its id.

        Raises OutputError if it cannot be written: a full disk, a folder without rights, a history of a newer
        version. The record is then the caller's to keep.
        """

        def insert(database: sqlite3.Connection) -> int:
            found = database.execute(
                "INSERT INTO probe (model_key, record) VALUES (?, ?)",
                (record.model_key, encoded(replace(record, id=None))),
            )
            return int(found.lastrowid or 0)

        return self._write(insert)

    def clear(self) -> int:
        """Forgets all records; returns how many there were. Raises OutputError as `add` does."""
        if not self._exists():
            return 0
        return self._write(lambda database: database.execute("DELETE FROM probe").rowcount)

    def records(self, model: str | None = None, limit: int | None = None) -> tuple[ProbeRecord, ...]:
        """The records, newest first, as they were added: a clock may go backwards.

        `model` is a `model_key`. Records that this version cannot read are left out, and a note says so.
        Raises OutputError if the history cannot be read.
        """
        if not self._exists():
            return ()
        chosen, values = ("WHERE model_key = ?", [model]) if model is not None else ("", [])
        select = f"SELECT id, record FROM probe {chosen} ORDER BY id DESC LIMIT ?"  # noqa: S608 - two constants
        rows = self._read(select, (*values, -1 if limit is None else limit))
        found = []
        for number, text in rows:
            try:
                found.append(replace(decoded(text), id=number))
            except UnreadableRecord:
                self._note(
                    "history-unreadable-records",
                    "Some records of the history were written by another version and are not shown.",
                )
        return tuple(found)

    def last(self, model: str) -> ProbeRecord | None:
        """The newest record of a model, by its `model_key`."""
        found = self.records(model, limit=1)
        return found[0] if found else None

    def calibration(self, hardware: Hardware) -> Calibration:
        """What this computer's proofs teach together. Raises OutputError if the history cannot be read."""
        return combined(self.lessons(hardware))

    def lessons(self, hardware: Hardware) -> tuple[Lesson, ...]:
        """What the proofs on this computer's own devices taught, oldest first.

        A proof counts while all the devices that it ran on are there: the data folder may be shared between
        computers, and a GPU may have been changed.
        """
        here = marks(hardware)
        return tuple(
            Lesson(about(record.model_key, record.result.settings), record.calibration)
            for record in reversed(self.records())
            if record.calibration is not None
            and all(any(is_same(device, other) for other in here) for device in record.devices)
        )

    # ---- the file -----------------------------------------------------------------------------------

    def _exists(self) -> bool:
        try:
            return self.path.exists()
        except OSError as error:
            raise busy_or_unwritable(self.path, error) from error

    def _write(self, work: Callable[[sqlite3.Connection], int]) -> int:
        for attempt in (1, 2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with _connected(self.path) as database:
                    self._migrate(database)
                    with _transaction(database):
                        return work(database)
            except sqlite3.Error as error:
                if attempt == 2 or not is_broken(error):
                    raise busy_or_unwritable(self.path, error) from error
                self._set_aside()
            except OSError as error:
                raise busy_or_unwritable(self.path, error) from error
        raise AssertionError("the second attempt returns or raises")

    def _read(self, select: str, values: tuple[object, ...]) -> list[tuple[int, str]]:
        try:
            with _connected(self.path) as database:
                version = _version(database)
                if version == 0:
                    return []
                if version > len(MIGRATIONS):
                    self._note("history-newer", newer(self.path).message)
                return database.execute(select, values).fetchall()
        except sqlite3.Error as error:
            if is_broken(error):
                self._set_aside()
                return []
            if "no such" in str(error):  # a newer version's tables
                return []
            raise busy_or_unwritable(self.path, error) from error

    def _migrate(self, database: sqlite3.Connection) -> None:
        """Brings the schema to this version's; raises OutputError for a newer one."""
        if _version(database) == len(MIGRATIONS):
            return
        with _transaction(database):
            version = _version(database)  # another program may have been faster
            if version > len(MIGRATIONS):
                raise newer(self.path)
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    database.execute(statement)
            database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _set_aside(self) -> None:
        """Renames a broken history, so that a new one can begin. What another program has mended stays.

        SQLite's own lock on a file beside it keeps two programs from doing this at once.
        """
        guard = self.path.with_name(self.path.name + ".guard")
        try:
            with _connected(guard) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                if self._is_sound():
                    return
                broken = self._free_name()
                self.path.replace(broken)
                for ending in BESIDE:
                    beside = self.path.with_name(self.path.name + ending)
                    if beside.exists():
                        beside.replace(broken.with_name(broken.name + ending))
        except (OSError, sqlite3.Error) as error:
            raise busy_or_unwritable(self.path, error) from error

    def _set_aside_before(self) -> list[Path]:
        try:
            found = self.path.parent.glob(f"{glob.escape(self.path.name)}{BROKEN}*")
            return sorted(path for path in found if not path.name.endswith(BESIDE))
        except OSError:
            return []

    def _is_sound(self) -> bool:
        if not self.path.exists():
            return True
        try:
            with _connected(self.path) as database:
                return bool(database.execute("PRAGMA quick_check").fetchone() == ("ok",))
        except sqlite3.DatabaseError as error:
            if is_broken(error):
                return False
            raise

    def _free_name(self) -> Path:
        stem = f"{self.path.name}{BROKEN}{self._clock():%Y-%m-%d}"
        name, number = stem, 1
        while self.path.with_name(name).exists():
            number += 1
            name = f"{stem}-{number}"
        return self.path.with_name(name)

    def _note(self, code: str, text: str) -> None:
        with self._lock:
            self._notes[code] = Note(code, text)


def _set_aside_note(name: str) -> Note:
    text = f"A damaged history was set aside as {name}; the proofs since then are in a new one."
    return Note("history-set-aside", text)


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    # No isolation level: transactions begin where they are written below, not where Python guesses.
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. The lock for writing is taken at once: two readers would wait for each other."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has already rolled back
            database.execute("ROLLBACK")
        raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
