"""What is remembered is read back by another process, and nonsense in the file is not obeyed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from ui.session.preferences import MOST_RECENT, Preferences
from ui.theme import Theme

ROOT = Path(__file__).resolve().parents[3]

# In one process QSettings gives back what it was given; only another one reads the file.
READ = """
import json, sys
from pathlib import Path
from ui.session.preferences import Preferences
p = Preferences(Path(sys.argv[1]))
print(json.dumps([p.theme, p.goal, p.runtime, p.reserve, str(p.last_folder), [str(f) for f in p.recent_files],
                  bytes(p.geometry or b"").decode()]))
"""


def read_elsewhere(path: Path) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    answer: list[object] = json.loads(done.stdout)
    return answer


def test_nothing_is_remembered_at_first(preferences: Preferences) -> None:
    assert preferences.theme is Theme.SYSTEM
    assert preferences.goal == ""
    assert preferences.runtime == ""
    assert preferences.reserve == ""
    assert preferences.last_folder is None
    assert preferences.recent_files == ()
    assert preferences.geometry is None


@pytest.mark.parametrize("files", [[], ["one.gguf"], ["one.gguf", "two, with comma.gguf"]])
def test_all_of_it_survives_the_process(tmp_path: Path, qapp: object, files: list[str]) -> None:
    place = tmp_path / "window.ini"
    preferences = Preferences(place)
    preferences.theme = Theme.DARK
    preferences.goal = "chat"
    preferences.runtime = "ollama"
    preferences.reserve = "25%"
    preferences.last_folder = tmp_path
    preferences.geometry = QByteArray(b"where it was")
    for name in reversed(files):
        preferences.add_recent(tmp_path / name)
    if not files:
        preferences.clear_recent()
    preferences.save()
    assert read_elsewhere(place) == [
        "dark",
        "chat",
        "ollama",
        "25%",
        str(tmp_path),
        [str(tmp_path / name) for name in files],
        "where it was",
    ]


def test_recent_files_are_few_newest_first_and_each_once(preferences: Preferences) -> None:
    for number in range(MOST_RECENT + 5):
        preferences.add_recent(Path(f"/m/{number}.gguf"))
    preferences.add_recent(Path("/m/9.gguf"))
    recent = preferences.recent_files
    assert len(recent) == MOST_RECENT
    assert recent[0] == Path("/m/9.gguf")
    assert len(set(recent)) == MOST_RECENT


def test_a_spoiled_file_is_as_good_as_none(tmp_path: Path, qapp: object) -> None:
    place = tmp_path / "window.ini"
    place.write_text("[General]\ntheme=plaid\ngoal=a, b\ngeometry\\0.0=x\n", encoding="utf-8")
    preferences = Preferences(place)
    assert preferences.theme is Theme.SYSTEM
    assert preferences.goal == ""
    assert preferences.geometry is None
    assert preferences.recent_files == ()
