"""What is written, on a disk that is full and in folders that cannot be written to, as one table.

Each ends in a sentence or goes on without; what was there stays as it was, and nothing half lies beside it.
Further rows: tests/advisor/history/test_store.py (SQLite's own words), tests/advisor/export/test_writing.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from advisor.cli.asked.remembered import remember_runtime, remembered_runtime, settings_path
from advisor.errors import AdvisorError, OutputError, PresetError
from advisor.export.applying import Change, apply
from advisor.export.export import Export, File
from advisor.export.writing import write_export
from advisor.history.store import History, history_path
from advisor.library.listing import header_cache
from advisor.library.listing.header_cache import Entry, cache_file
from advisor.presets import user_presets, write_own
from advisor.probe.lock import lock_folder, only_proof
from advisor.recommend.goals import FILE, goal_named, own_goals, save_goal
from tests.support.broken_homes import FAULTS
from tests.support.probe_records import a_record
from ui.session.preferences import Preferences

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def no_folder(home: Path) -> Path:
    """A place in one of the user's folders, which may be no folder any more."""
    return user_presets().parent / home.name


def write_history(_home: Path) -> None:
    History().add(a_record())


def write_goal(_home: Path) -> None:
    save_goal(goal_named("chat"))


def write_preset(_home: Path) -> None:
    write_own("gpus.json", "{}")


def export(text: str) -> Export:
    return Export(runtime="ollama", files=(File("Modelfile", text),), verified_with="")


def write_file(home: Path) -> None:
    place = no_folder(home) / "Modelfile"
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_export(export("FROM x\n" * 999), place, force=True)


def write_change(home: Path) -> None:
    place = no_folder(home) / "Modelfile.applied"
    apply(Change(place, place.read_text() if place.is_file() else None, "FROM y\n" * 999), NOW)


def write_runtime(_home: Path) -> None:
    """Not being remembered is no error: false says so."""
    is_other = remembered_runtime() == "ollama"
    if not remember_runtime("lm-studio" if is_other else "ollama"):
        raise OutputError("Not remembered.", hint="Not shown.")


def write_cache(home: Path) -> None:
    with header_cache.opened() as cache:
        cache.keep(home, Entry("1", "x" * 100_000), "facts")


def write_preferences(_home: Path) -> None:
    preferences = Preferences()
    preferences.goal = "coding" if preferences.goal == "chat" else "chat"
    preferences.save()


def write_lock(_home: Path) -> None:
    with only_proof(lock_folder()):
        pass


@dataclass(frozen=True)
class Writer:
    """What writes, which file, and the error where it cannot; None where it goes on without."""

    write: Callable[[Path], None]
    file: Callable[[Path], Path]
    error: type[AdvisorError] | None


WRITERS = {
    "history": Writer(write_history, lambda _: history_path(), OutputError),
    "goals": Writer(write_goal, lambda _: user_presets() / FILE, PresetError),
    "presets": Writer(write_preset, lambda _: user_presets() / "gpus.json", PresetError),
    "export": Writer(write_file, lambda home: no_folder(home) / "Modelfile", OutputError),
    "applied": Writer(write_change, lambda home: no_folder(home) / "Modelfile.applied", OutputError),
    "remembered": Writer(write_runtime, lambda _: settings_path(), OutputError),
    "cache": Writer(write_cache, lambda _: cache_file(), None),
    "preferences": Writer(write_preferences, lambda home: home / "none", None),
    "lock": Writer(write_lock, lambda home: home / "none", None),
}


def listing(folder: Path) -> set[str]:
    """Not the locks that SQLite itself leaves, nor the copies that are made before a file is changed."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {name for name in names if not name.endswith((".bak", ".guard", "-journal"))}


@pytest.mark.parametrize("before", ["nothing", "something"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WRITERS)
def test_what_cannot_be_written_is_a_sentence_and_changes_nothing(
    tmp_path: Path, qapp: object, name: str, fault: str, before: str
) -> None:
    writer = WRITERS[name]
    if before == "something":
        writer.write(tmp_path)
    file = writer.file(tmp_path)
    content = file.read_bytes() if file.is_file() else None
    beside = listing(file.parent)
    with FAULTS[fault](), contextlib.ExitStack() as expected:
        if writer.error:
            raised = expected.enter_context(pytest.raises(writer.error))
        writer.write(tmp_path)
    if writer.error:
        assert raised.value.message.endswith(".")
        assert raised.value.hint.endswith(".")
    if writer.error:
        assert (file.read_bytes() if file.is_file() else None) == (
            content or (b"" if file.is_file() else None)
        )
        assert listing(file.parent) - {file.name} == beside - {file.name}
    writer.write(tmp_path)  # once the fault is gone
    assert writer.file(tmp_path).is_file() or name in ("preferences", "lock")


def test_after_a_full_disk_everything_is_as_it_was(tmp_path: Path) -> None:
    """Read again, not only byte by byte: a history that SQLite has to roll back, and a goal."""
    write_history(tmp_path)
    write_goal(tmp_path)
    with FAULTS["full-disk"](), pytest.raises(OutputError):
        write_history(tmp_path)
    assert len(History().records()) == 1
    assert History().notes == ()
    assert own_goals() == {"chat"}
