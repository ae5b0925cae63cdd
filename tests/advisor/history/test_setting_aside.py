"""A damaged history is set aside, once, and nothing that is sound is."""

import pytest

from advisor.errors import OutputError
from advisor.history.setting_aside import set_aside
from advisor.history.store import History
from tests.support.histories import NOW
from tests.support.probe_records import a_record
from tests.support.shut_folders import shut


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 4096])
@pytest.mark.parametrize("first", ["read", "write"])
def test_a_damaged_file_is_set_aside_whole_and_a_new_one_begins(
    history: History, content: bytes, first: str
) -> None:
    history.path.parent.mkdir()
    history.path.write_bytes(content)
    if first == "read":
        assert history.records() == ()
    history.add(a_record())
    assert len(history.records()) == 1
    broken = history.path.with_name("history.sqlite3.broken-2026-05-01")
    assert broken.read_bytes() == content
    (note,) = history.notes
    assert note.code == "history-set-aside"
    assert broken.name in note.text
    assert History(history.path).notes == (note,)  # whoever looks later hears of it, too
    broken.unlink()
    assert history.notes == ()


def test_damage_within_a_table_is_noticed_and_the_second_of_a_day_has_a_name_of_its_own(
    history: History,
) -> None:
    for _ in range(2):
        for _ in range(20):
            history.add(a_record())
        data = bytearray(history.path.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)
        history.path.write_bytes(data)
        assert history.records() == ()
        history.add(a_record())
        assert len(history.records()) == 1
    names = {it.name for it in history.path.parent.glob("*.broken-*")}
    assert names == {"history.sqlite3.broken-2026-05-01", "history.sqlite3.broken-2026-05-01-2"}


def test_what_sqlite_keeps_beside_it_goes_with_it(history: History) -> None:
    history.add(a_record())
    history.path.write_bytes(b"this is no database")
    beside = history.path.with_name(f"{history.path.name}-shm")
    beside.write_bytes(b"half")
    history.add(a_record())
    assert not beside.exists()
    moved = history.path.with_name("history.sqlite3.broken-2026-05-01-shm")
    assert moved.read_bytes() == b"half"
    assert len(history.notes) == 1


def test_a_history_that_is_gone_needs_no_setting_aside(history: History) -> None:
    history.path.parent.mkdir()
    set_aside(history.path, NOW)
    assert history.notes == ()


def test_a_folder_that_may_not_be_looked_into_is_an_error_with_a_hint(history: History) -> None:
    history.add(a_record())
    with shut(history.path.parent):
        for work in (history.records, history.clear):
            with pytest.raises(OutputError) as caught:
                work()
            assert caught.value.code == "history-not-written"
        with pytest.raises(OutputError):
            set_aside(history.path, NOW)
        assert history.notes == ()


def test_what_another_program_has_mended_is_not_set_aside(history: History) -> None:
    history.add(a_record())
    set_aside(history.path, NOW)
    assert len(history.records()) == 1
    assert history.notes == ()
