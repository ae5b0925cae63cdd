"""The schema: of a new file, of an older and of a newer program."""

import pytest

from advisor.errors import OutputError
from advisor.history import database
from advisor.history.store import History
from tests.support.histories import rows
from tests.support.probe_records import a_record


def test_an_empty_file_is_a_new_history(history: History) -> None:
    history.path.parent.mkdir()
    history.path.touch()
    assert history.records() == ()
    history.add(a_record())
    assert len(history.records()) == 1


def test_a_newer_history_is_read_as_far_as_it_goes_and_not_changed(history: History) -> None:
    history.add(a_record())
    rows(history.path, "PRAGMA user_version = 99")
    before = history.path.read_bytes()
    with pytest.raises(OutputError, match="newer version") as caught:
        history.add(a_record())
    assert caught.value.code == "history-newer"
    with pytest.raises(OutputError, match="newer version"):
        history.clear()
    assert len(history.records()) == 1
    assert [note.code for note in history.notes] == ["history-newer"]
    rows(history.path, "ALTER TABLE probe RENAME TO proof")
    assert history.records() == ()
    rows(history.path, "ALTER TABLE proof RENAME TO probe")
    assert len(before) == history.path.stat().st_size


def test_an_older_history_is_brought_up_to_date(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.add(a_record())
    added = "ALTER TABLE probe ADD COLUMN remark TEXT DEFAULT 'none';"
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, added))
    history.add(a_record())
    assert rows(history.path, "SELECT remark FROM probe") == [("none",), ("none",)]
    assert rows(history.path, "PRAGMA user_version") == [(2,)]
    assert len(history.records()) == 2


def test_a_migration_that_fails_changes_nothing(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.add(a_record())
    wrong = "ALTER TABLE probe ADD COLUMN remark TEXT; ALTER TABLE absent ADD COLUMN x TEXT;"
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, wrong))
    with pytest.raises(OutputError):
        history.add(a_record())
    monkeypatch.undo()
    assert len(history.records()) == 1
