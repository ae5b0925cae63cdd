"""The program itself is killed in the middle of a proof; two programs at once; a clock that jumps."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from advisor.export.applying import Change, apply
from advisor.history.store import History, history_path
from advisor.library.listing import header_cache
from advisor.library.listing.header_cache import Entry, cache_file, stamp_of
from advisor.probe.lock import lock_folder, only_proof
from tests.support.probe_records import a_record
from tests.support.small_models import small_llama

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.engine
@pytest.mark.skipif(
    sys.platform != "linux", reason="kill -9 and its processes are looked at as Linux has them"
)
@pytest.mark.parametrize("stage", ["allocating", "filling"])
def test_a_program_that_is_killed_in_a_proof_leaves_no_worker_no_lock_and_a_sound_history(
    tmp_path: Path, stage: str
) -> None:
    path = small_llama(tmp_path / "model.gguf", n_head=2, n_head_kv=1, n_ff=256).path
    History().add(a_record())
    command = [sys.executable, "-m", "advisor", "probe", str(path), "-c", "100k", "--fill", "full", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        reached = next(line for line in program.stdout if json.loads(line).get("stage") == stage)
        workers = psutil.Process(program.pid).children(recursive=True)
        assert workers, reached
        program.kill()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
    with only_proof(lock_folder()):
        pass
    assert len(History().records()) == 1
    assert History().notes == ()


def test_a_cache_that_another_program_writes_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header_cache, "_BUSY_SECONDS", 0.05)
    with header_cache.opened() as cache:
        cache.keep(tmp_path, Entry("1", "line"), "facts")
    other = sqlite3.connect(cache_file(), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with header_cache.opened() as cache:
        cache.keep(tmp_path / "other", Entry("2", "line"), "facts")
    other.execute("COMMIT")
    other.close()
    with header_cache.opened() as cache:
        assert cache.entry(tmp_path, "1") == Entry("1", "line")


@pytest.mark.parametrize("seconds", [-(2**30), 0, 2**32, 2**33])
def test_a_file_from_any_time_is_known_again_and_a_changed_one_is_not(tmp_path: Path, seconds: int) -> None:
    """A clock that jumped leaves such times; that they differ is all that counts, not which is later."""
    model = tmp_path / "model.gguf"
    model.write_bytes(b"x")
    os.utime(model, (seconds, seconds))
    stamp = stamp_of([model])
    assert stamp is not None
    with header_cache.opened() as cache:
        cache.keep(model, Entry(stamp, "line"), "facts")
    os.utime(model, (seconds - 3600, seconds - 3600))
    with header_cache.opened() as cache:
        assert cache.entry(model, stamp) is not None
        assert cache.entry(model, stamp_of([model]) or "") is None


@pytest.mark.parametrize("jump", [-10_000, 0])
def test_a_copy_is_never_written_over_another_whatever_the_clock_says(tmp_path: Path, jump: int) -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 5, 1, tzinfo=UTC)
    place = tmp_path / "Modelfile"
    place.write_text("FROM first\n")
    backups = []
    for number, clock in enumerate((now, now + timedelta(seconds=jump), now)):
        backups.append(apply(Change(place, place.read_text(), f"FROM {number}\n"), clock))
    texts = [backup.read_text() for backup in backups if backup]
    assert texts == ["FROM first\n", "FROM 0\n", "FROM 1\n"]


def test_the_history_outlives_a_clock_that_jumps() -> None:
    """Its order is that of adding; see tests/advisor/history/test_store.py for the records themselves."""
    from datetime import UTC, datetime

    for year in (2026, 1970, 2106):
        History(clock=lambda year=year: datetime(year, 1, 1, tzinfo=UTC)).add(a_record(str(year)))
    assert [record.model_name for record in History().records()] == ["2106", "1970", "2026"]
    assert history_path().is_file()
