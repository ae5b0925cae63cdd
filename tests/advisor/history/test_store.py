import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import OutputError
from advisor.hardware.device import Hardware
from advisor.history import store
from advisor.history.record import marks
from advisor.history.store import History, history_path
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.units import GiB, MiB
from tests.support.histories import rows
from tests.support.planning import gpu, ram
from tests.support.probe_records import a_record

ROOT = Path(__file__).resolve().parents[3]


def test_without_a_file_there_is_nothing_and_nothing_is_made(history: History) -> None:
    assert history.records() == ()
    assert history.last("0123456789abcdef") is None
    assert history.clear() == 0
    assert not history.path.parent.exists()


def test_what_is_added_is_found_newest_first(history: History) -> None:
    first = history.add(a_record("one"))
    second = history.add(a_record("two", model_key="other"))
    assert [it.model_name for it in history.records()] == ["two", "one"]
    assert [it.id for it in history.records()] == [second, first]
    assert history.records("0123456789abcdef") == (a_record("one", id=first),)
    assert history.records(limit=1) == (a_record("two", model_key="other", id=second),)
    assert history.last("other") == a_record("two", model_key="other", id=second)
    assert history.last("unknown") is None
    assert history.notes == ()


def test_a_clock_that_jumps_back_does_not_change_the_order(history: History) -> None:
    history.add(a_record("first", at="2026-05-01T12:00:00+00:00"))
    history.add(a_record("second", at="2019-01-01T00:00:00+00:00"))
    assert [it.model_name for it in history.records()] == ["second", "first"]


def test_it_lies_in_the_users_own_data() -> None:
    assert history_path().name == "history.sqlite3"
    assert History().path == history_path()
    assert history_path().is_relative_to(Path(os.environ["HOME"]))


def test_clearing_forgets_all_and_says_how_many(history: History) -> None:
    history.add(a_record())
    history.add(a_record())
    assert history.clear() == 2
    assert history.records() == ()
    assert history.add(a_record()) == 3  # an id is never given twice


def test_a_record_that_cannot_be_read_hides_no_other(history: History) -> None:
    history.add(a_record("good"))
    for record in ("'{\"at\": 1}'", "CAST(x'7bfffe' AS TEXT)", "x'00ff'", "1"):
        rows(history.path, f"INSERT INTO probe (model_key, record) VALUES ('x', {record})")
    assert [it.model_name for it in history.records()] == ["good"]
    assert [note.code for note in history.notes] == ["history-unreadable-records"]


def test_a_folder_in_the_place_of_the_file_is_an_error_with_a_hint(history: History) -> None:
    history.path.mkdir(parents=True)
    for work in (history.records, lambda: history.add(a_record())):
        with pytest.raises(OutputError) as caught:
            work()
        assert caught.value.code == "history-not-written"
        assert caught.value.hint.endswith(".")


def test_a_file_in_the_place_of_the_folder_is_an_error_with_a_hint(history: History) -> None:
    history.path.parent.touch()
    with pytest.raises(OutputError) as caught:
        history.add(a_record())
    assert caught.value.code == "history-not-written"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (sqlite3.SQLITE_FULL, "history-disk-full"),
        (sqlite3.SQLITE_IOERR_WRITE, "history-disk-full"),
        (sqlite3.SQLITE_BUSY, "history-busy"),
        (sqlite3.SQLITE_READONLY, "history-not-written"),
    ],
)
def test_what_sqlite_says_is_a_sentence(
    history: History, monkeypatch: pytest.MonkeyPatch, error: int, code: str
) -> None:
    def fail(_record: object) -> str:
        problem = sqlite3.OperationalError("no")
        problem.sqlite_errorcode = error
        raise problem

    history.add(a_record())
    monkeypatch.setattr(store, "encoded", fail)
    with pytest.raises(OutputError) as caught:
        history.add(a_record())
    assert caught.value.code == code
    monkeypatch.undo()
    assert len(history.records()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on a file's size is POSIX")
def test_a_full_disk_loses_no_earlier_record(history: History) -> None:
    history.add(a_record())
    size = history.path.stat().st_size
    script = (
        "import signal, sys, resource\n"
        "from pathlib import Path\n"
        "from advisor.errors import OutputError\n"
        "from advisor.history.store import History\n"
        "from tests.support.probe_records import a_record\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))\n"
        "try:\n    History(Path(sys.argv[1])).add(a_record('x' * 1000000))\n"
        "except OutputError as error:\n    print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(history.path), str(size)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("history-disk-full\n", "")
    assert [it.model_name for it in history.records()] == ["Llama 3.1 8B"]
    history.add(a_record("after"))
    assert history.last("0123456789abcdef") == a_record("after", id=2)
    assert history.notes == ()


WRITER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from advisor.history.store import History\n"
    "from tests.support.probe_records import a_record\n"
    "for number in range(15):\n    History(Path(sys.argv[1])).add(a_record(f'{sys.argv[2]}-{number}'))\n"
)


@pytest.mark.parametrize("before", [b"", b"this is no database"])
def test_two_programs_and_three_threads_lose_nothing(history: History, before: bytes) -> None:
    history.path.parent.mkdir()
    if before:
        history.path.write_bytes(before)
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(history.path), name], cwd=ROOT, stderr=subprocess.PIPE
        )
        for name in ("a", "b")
    ]

    def write(name: str) -> None:
        for number in range(15):
            history.add(a_record(f"{name}-{number}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in ("c", "d", "e")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for program in programs:
        _, complaints = program.communicate()
        assert (program.returncode, complaints) == (0, b"")
    names = [it.model_name for it in history.records()]
    assert sorted(names) == sorted(f"{name}-{number}" for name in "abcde" for number in range(15))
    kept = [it.read_bytes() for it in history.path.parent.glob("*.broken-*")]
    assert kept == ([before] if before else [])


def test_only_proofs_on_the_devices_that_are_here_teach(history: History) -> None:
    here = Hardware((gpu(12 * GiB), ram(32 * GiB)))
    more = Hardware((gpu(12 * GiB), gpu(8 * GiB, 1), ram(32 * GiB)))
    other = Hardware((ram(64 * GiB),))
    assert history.calibration(here) == NOTHING_LEARNED
    taught = [Calibration(overhead_bytes={"CUDA": n * MiB}, n_probes=1) for n in (300, 200)]
    for calibration in taught:
        history.add(a_record(devices=marks(here), calibration=calibration))
    history.add(a_record(devices=marks(here), calibration=None))
    assert [lesson.taught for lesson in history.lessons(here)] == taught
    assert history.lessons(more) == history.lessons(here)
    assert history.lessons(other) == ()
    found = history.calibration(here)
    assert (found.overhead_bytes, found.n_probes) == ({"CUDA": 300 * MiB}, 2)


def test_a_record_is_not_changed_by_being_added(history: History) -> None:
    record = a_record(id=77)
    assert history.add(record) == 1
    assert history.records() == (replace(record, id=1),)
