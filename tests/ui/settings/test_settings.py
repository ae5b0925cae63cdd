"""The settings dialog: goals, engine, folders, theme and reserve apply at once and are remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from advisor.errors import EngineMissing, PresetError
from advisor.hardware.doctor.findings import Severity
from advisor.recommend.result import Patience
from tests.support import computers
from tests.support.audit import focusable, nameless
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.engine_choice import EngineChoice
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.settings.settings_dialog import SettingsDialog
from ui.theme import Theme, is_dark
from ui.widgets.command_field import CommandField
from ui.widgets.severity_mark import SeverityMark
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def dialog(window: MainWindow, session: Session, settled: Settle) -> SettingsDialog:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    window.actions_.settings.trigger()
    made = window.findChild(SettingsDialog)
    made.tabs.setCurrentIndex(0)
    return made


def shown(dialog: SettingsDialog, tab: object) -> None:
    dialog.tabs.setCurrentWidget(tab)


def test_there_is_one_and_it_is_in_nobodys_way(window: MainWindow, dialog: SettingsDialog) -> None:
    window.actions_.settings.trigger()
    assert window.findChildren(SettingsDialog) == [dialog]
    assert not dialog.isModal()


def test_a_theme_applies_at_once_and_is_remembered(
    window: MainWindow, dialog: SettingsDialog, preferences: Preferences
) -> None:
    box = dialog.general.theme
    box.setCurrentIndex(box.findText("Dark"))
    box.activated.emit(box.currentIndex())
    assert is_dark(QApplication.palette())
    assert preferences.theme is Theme.DARK
    assert window.actions_.theme(Theme.DARK).isChecked()


def test_the_reserve_is_the_sessions(dialog: SettingsDialog, session: Session, settled: Settle) -> None:
    box = dialog.general.reserve
    box.setCurrentIndex(box.findData("2GiB"))
    box.activated.emit(box.currentIndex())
    assert session.wanted.reserve == "2GiB"
    session.wanted.set_reserve("1GiB")
    assert box.currentData() == "1GiB"
    settled(session)


# --- goals


def test_patience_is_saved_as_an_own_goal_and_asked_for(
    dialog: SettingsDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    goals = dialog.goals
    assert not goals.seconds.isEnabled()
    assert not goals.delete.isEnabled()
    goals.limited.setChecked(True)
    settled(session)
    goals.seconds.setValue(12.5)
    settled(session)
    assert domain.kept_goals["longest-context"].patience == Patience(12.5, 5.0)
    assert session.wanted.goal.patience == Patience(12.5, 5.0)
    assert goals.delete.isEnabled()
    goals.delete.click()
    settled(session)
    assert domain.kept_goals == {}
    assert session.wanted.goal.patience is None
    assert not goals.limited.isChecked()


def test_wishes_become_a_goal_that_can_be_chosen(
    window: MainWindow, dialog: SettingsDialog, session: Session, qtbot: QtBot, settled: Settle
) -> None:
    goals = dialog.goals
    assert not goals.save.isEnabled()
    qtbot.keyClicks(goals.name, "my-work")
    goals.save.click()
    settled(session)
    wanted = session.goals.all["my-work"]
    assert wanted.n_ctx == session.current.plan.settings.n_ctx
    assert window.header.goals.findData("my-work") >= 0
    assert window.header.goals.currentData() == "longest-context"
    assert goals.goals.currentData() == "my-work"


def test_a_deleted_goal_that_was_asked_for_gives_way_to_the_usual_one(
    dialog: SettingsDialog, session: Session, qtbot: QtBot, settled: Settle
) -> None:
    qtbot.keyClicks(dialog.goals.name, "mine")
    dialog.goals.save.click()
    settled(session)
    session.wanted.set_goal("mine")
    settled(session)
    dialog.goals.delete.click()
    settled(session)
    assert session.wanted.goal.name == "longest-context"


def test_a_file_that_cannot_be_written_is_said_in_place(
    dialog: SettingsDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.goal_error = PresetError("goals.toml cannot be written.", hint="Check its rights.")
    dialog.goals.limited.setChecked(True)
    settled(session)
    assert dialog.goals.problem.text() == "goals.toml cannot be written. Check its rights."
    assert not dialog.goals.limited.isChecked()


# --- the engine


def marks(dialog: SettingsDialog) -> list[Severity | None]:
    return [mark.severity for mark in dialog.engine.findChildren(SeverityMark) if not mark.isHidden()]


def test_an_engine_that_works_is_green_with_words(dialog: SettingsDialog) -> None:
    shown(dialog, dialog.engine)
    assert marks(dialog) == [None]
    assert dialog.engine.state.text() == "It works"
    assert dialog.engine.more.text() == "llama-cpp-python 0.3.36, built for CUDA, CPU"


def test_another_python_is_asked_at_once_and_remembered(
    dialog: SettingsDialog,
    session: Session,
    domain: FakeDomain,
    preferences: Preferences,
    settled: Settle,
) -> None:
    domain.engine_missing = EngineMissing("llama.cpp cannot be used.", hint="Install it.")
    asked = domain.asked.count("hello")
    dialog.engine.python.setText("/opt/other/python")
    dialog.engine.python.editingFinished.emit()
    settled(session)
    assert domain.asked.count("hello") == asked + 1
    assert domain.launch.python == "/opt/other/python"
    assert preferences.engine == EngineChoice("/opt/other/python", "")
    assert dialog.engine.state.text() == "It cannot be used: answers are by formula"
    assert marks(dialog)[0] is Severity.ERROR
    (command,) = [field for field in dialog.engine.findChildren(CommandField) if not field.isHidden()]
    assert command.field.text().startswith("/opt/other/python -m pip install")


def test_a_field_that_was_only_visited_asks_nothing(
    dialog: SettingsDialog, domain: FakeDomain, session: Session, settled: Settle
) -> None:
    asked = list(domain.asked)
    dialog.engine.library.editingFinished.emit()
    settled(session)
    assert domain.asked == asked


def test_a_build_for_the_cpu_beside_a_gpu_is_not_green(
    dialog: SettingsDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.computer = computers.cpu_only_build()
    session.look_again()
    settled(session)
    assert dialog.engine.state.text() == "It works, but not as it should"
    assert dialog.engine.findChildren(CommandField)


def test_while_it_starts_nothing_is_judged(
    dialog: SettingsDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("gone", hint="x")
    session.look_again()
    settled(session)
    domain.hello_gate = Gate()
    session.look_again()
    assert dialog.engine.state.text() == "Starting\u2026"
    domain.hello_gate.open()
    settled(session)


# --- folders


def test_folders_are_looked_into_and_remembered(
    dialog: SettingsDialog,
    session: Session,
    domain: FakeDomain,
    preferences: Preferences,
    settled: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = dialog.folders
    assert folders.list.hint == "No folders of your own yet"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    folders.add.click()
    folders.add.click()  # twice the same is once
    folders.add_folder(tmp_path / "more")
    settled(session)
    assert domain.folders == (tmp_path, tmp_path / "more")
    assert preferences.model_folders == domain.folders
    assert [folders.list.item(i).text() for i in range(folders.list.count())] == [
        str(folder) for folder in domain.folders
    ]
    assert not folders.remove.isEnabled()
    folders.list.setCurrentRow(0)
    folders.remove.click()
    settled(session)
    assert domain.folders == preferences.model_folders == (tmp_path / "more",)


def test_a_look_during_a_look_is_not_lost(session: Session, domain: FakeDomain, settled: Settle) -> None:
    looked: list[tuple[Path, ...]] = []
    plain = domain.installed
    domain.installed = lambda: (looked.append(domain.folders), plain())[1]
    session.start()
    session.library.use_folders([Path("/own")])
    session.library.use_folders([Path("/other")])
    settled(session)
    assert looked[-1] == (Path("/other"),)
    assert not session.library.is_looking


def test_what_was_chosen_before_the_start_counts_from_the_start(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.computer.use_engine(EngineChoice("", "/opt/llama"))
    session.library.use_folders([Path("/own")])
    assert domain.asked == []
    session.start()
    settled(session)
    assert domain.asked.count("hello") == 1
    assert domain.launch.library_dir == Path("/opt/llama")


# --- everyone reaches it


def test_every_field_has_a_name(dialog: SettingsDialog, theme: Theme) -> None:
    for index in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(index)
        assert len(focusable(dialog)) >= 3
        assert nameless(dialog) == []
        assert not dialog.grab().isNull()
    assert not dialog.tabs.tabBar().drawBase()  # its line is white in a dark theme
