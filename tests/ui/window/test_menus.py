"""The menus: every command once, and the files that were opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QMenu

from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.window.main_window import MainWindow


def test_opened_files_are_recent_files(
    window: MainWindow, preferences: Preferences, session: Session, tmp_path: Path
) -> None:
    there = tmp_path / "there.gguf"
    there.write_bytes(b"")
    window.open_paths([there, tmp_path / "gone.gguf"])
    window.recent_menu.aboutToShow.emit()
    named = {action.text(): action for action in window.recent_menu.actions() if action.text()}
    assert list(named)[:2] == ["there.gguf", "gone.gguf"]
    assert named["there.gguf"].isEnabled()
    assert not named["gone.gguf"].isEnabled()
    window.actions_.clear_recent.trigger()
    assert preferences.recent_files == ()
    assert preferences.last_folder == tmp_path


def test_a_recent_file_is_opened_from_the_menu(
    window: MainWindow, session: Session, preferences: Preferences, tmp_path: Path
) -> None:
    there = tmp_path / "there.gguf"
    there.write_bytes(b"")
    preferences.add_recent(there)
    window.recent_menu.aboutToShow.emit()
    window.recent_menu.actions()[0].trigger()
    assert [model.path for model in session.models] == [there]


def test_every_menu_command_has_words_and_no_key_is_taken_twice(window: MainWindow) -> None:
    keys: list[str] = []
    for menu in window.menuBar().findChildren(QMenu):
        for action in menu.actions():
            assert action.isSeparator() or action.text().strip()
            keys += [key.toString() for key in action.shortcuts() if menu is not window.recent_menu]
    assert {"Ctrl+O", "F5", "Ctrl+Q"} <= set(keys)
    assert len(keys) == len(set(keys))
