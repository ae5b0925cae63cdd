"""`History`: the proofs of this user, in one SQLite file that any number of programs may use at once.

Each call opens the file anew and closes it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.history import database
from advisor.history.database import connected, transaction
from advisor.history.failures import busy_or_unwritable, is_broken, newer
from advisor.history.record import ProbeRecord, UnreadableRecord, decoded, encoded, is_same, marks
from advisor.history.setting_aside import set_aside, set_aside_notes
from advisor.presets import APPLICATION
from advisor.probe.lessons import Lesson, about, combined
from advisor.settings.calibration import Calibration


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
        found = set_aside_notes(self.path)
        with self._lock:
            return (*found, *self._notes.values())

    def add(self, record: ProbeRecord) -> int:
        """Keeps a record and returns its id.

        Raises OutputError if it cannot be written: a full disk, a folder without rights, a history of a newer
        version. The record is then the caller's to keep.
        """

        def insert(opened: sqlite3.Connection) -> int:
            found = opened.execute(
                "INSERT INTO probe (model_key, record) VALUES (?, ?)",
                (record.model_key, encoded(replace(record, id=None))),
            )
            return int(found.lastrowid or 0)

        return self._write(insert)

    def clear(self) -> int:
        """Forgets all records; returns how many there were. Raises OutputError as `add` does."""
        if not self._exists():
            return 0
        return self._write(lambda opened: opened.execute("DELETE FROM probe").rowcount)

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

    def _exists(self) -> bool:
        try:
            return self.path.exists()
        except OSError as error:
            raise busy_or_unwritable(self.path, error) from error

    def _write(self, work: Callable[[sqlite3.Connection], int]) -> int:
        for attempt in (1, 2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with connected(self.path) as opened:
                    database.migrate(opened, self.path)
                    with transaction(opened):
                        return work(opened)
            except sqlite3.Error as error:
                if attempt == 2 or not is_broken(error):
                    raise busy_or_unwritable(self.path, error) from error
                set_aside(self.path, self._clock())
            except OSError as error:
                raise busy_or_unwritable(self.path, error) from error
        raise AssertionError("the second attempt returns or raises")

    def _read(self, select: str, values: tuple[object, ...]) -> list[tuple[int, str]]:
        try:
            with connected(self.path) as opened:
                version = database.version(opened)
                if version == 0:
                    return []
                if version > len(database.MIGRATIONS):
                    self._note("history-newer", newer(self.path).message)
                return opened.execute(select, values).fetchall()
        except sqlite3.Error as error:
            if is_broken(error):
                set_aside(self.path, self._clock())
                return []
            if "no such" in str(error):  # a newer version's tables
                return []
            raise busy_or_unwritable(self.path, error) from error

    def _note(self, code: str, text: str) -> None:
        with self._lock:
            self._notes[code] = Note(code, text)
