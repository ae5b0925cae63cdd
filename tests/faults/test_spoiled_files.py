"""What the user's own files may be full of, as one table: set aside or left alone, never lost silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.cli.asked.remembered import remember_runtime, remembered_runtime, settings_path
from advisor.cli.main import main
from advisor.errors import PresetError
from advisor.history.store import History, history_path
from advisor.library.listing import header_cache
from advisor.library.listing.header_cache import Entry, cache_file
from advisor.presets import user_presets
from advisor.recommend.goals import FILE, goal_named, save_goal
from tests.support.probe_records import a_record
from ui.session.preferences import Preferences

NONSENSE = {
    "zeros": bytes(5000),
    "noise": bytes(range(256)) * 20,
    "half-a-file": b'{"runtime": "oll',
    "an-ini-that-is-none": b"[General\ngoal=chat\n%%%[[[\n" * 9,
}


def use_history() -> None:
    history = History()
    history.add(a_record())
    assert len(history.records()) == 1
    assert [note.code for note in history.notes] == ["history-set-aside"]


def use_remembered() -> None:
    assert remembered_runtime() is None
    assert remember_runtime("ollama")
    assert remembered_runtime() == "ollama"


def use_goals() -> None:
    """Written by hand: it stays as it is until the person has corrected it."""
    with pytest.raises(PresetError, match=r"goals\.toml"):
        save_goal(goal_named("chat"))


def use_preferences() -> None:
    preferences = Preferences()
    preferences.goal = "coding"
    preferences.save()
    assert Preferences().goal == "coding"


def window_file() -> Path:
    return user_presets().parents[1] / "Context Advisor" / "window.ini"


@dataclass(frozen=True)
class Kept:
    """A file of the user's, and what uses it as if nothing were wrong."""

    file: Callable[[], Path]
    use: Callable[[], None]


FILES = {
    "history": Kept(history_path, use_history),
    "remembered": Kept(settings_path, use_remembered),
    "goals": Kept(lambda: user_presets() / FILE, use_goals),
    "window": Kept(window_file, use_preferences),
}


@pytest.mark.parametrize("content", NONSENSE)
@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_read_is_still_there_afterwards(qapp: object, name: str, content: str) -> None:
    kept = FILES[name]
    if name == "window":  # where Qt itself puts it
        Preferences().save()
    file, spoiled = kept.file(), NONSENSE[content]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(spoiled)
    kept.use()
    there = [path.read_bytes() for path in file.parent.iterdir() if path.name.startswith(file.name)]
    assert spoiled in there


@pytest.mark.parametrize("content", NONSENSE)
def test_a_cache_that_cannot_be_read_is_made_anew(tmp_path: Path, content: str) -> None:
    """Nothing is lost with it: the headers are read again."""
    cache_file().parent.mkdir(parents=True)
    cache_file().write_bytes(NONSENSE[content])
    with header_cache.opened() as cache:
        assert cache.entry(tmp_path, "1") is None
        cache.keep(tmp_path, Entry("1", "line"), "facts")
    with header_cache.opened() as cache:
        assert cache.entry(tmp_path, "1") == Entry("1", "line")


@pytest.mark.parametrize("verb", ["recommend", "export"])
def test_a_malformed_goal_is_named_and_not_touched(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = user_presets() / FILE
    file.parent.mkdir(parents=True)
    file.write_text("[chat\n")
    words = [verb, "preset:llama-3.1-8b", "--ram", "16GiB", "--basis", "formula", "--goal", "chat"]
    assert main([*words, *(("--to", "ollama") if verb == "export" else ())]) == 2
    sentence, hint = capsys.readouterr().err.splitlines()
    assert "goals.toml is malformed" in sentence
    assert hint == "Correct the file or remove it."
    assert file.read_text() == "[chat\n"
