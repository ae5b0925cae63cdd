"""The whole window on a hand-made domain: drops, menus, theme, several models, trouble, and closing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QLibraryInfo, QMimeData, QPoint, QPointF, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from advisor.basis import Basis, Note
from advisor.errors import EngineDied, EngineMissing, GgufError
from advisor.units import GiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain, Gate
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme, is_dark
from ui.window.main_window import MainWindow
from ui.window.model_list import MODEL_ROLE

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

# Drags carry exact positions from Qt 6.12 on, and whole pixels before.
HERE = QPointF(50, 50) if QLibraryInfo.version() >= QVersionNumber(6, 12) else QPoint(50, 50)

Settle = Callable[[Session], None]


def dragged(*paths: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    return data


def enter(window: MainWindow, data: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(
        HERE,
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    return event


def move(window: MainWindow, data: QMimeData) -> QDragMoveEvent:
    event = QDragMoveEvent(
        HERE,
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    return event


def drop(window: MainWindow, data: QMimeData) -> QDropEvent:
    event = QDropEvent(
        QPointF(60, 60),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    return event


# --- the first screen and the page


def test_the_first_screen_offers_a_file_and_this_computers_memory(
    window: MainWindow, session: Session, settled: Settle
) -> None:
    assert window.welcome.isVisible()
    assert not window.page.isVisible()
    session.start()
    settled(session)
    assert "12.0 GiB, 10.0 free, 9.0 usable" in window.welcome.computer.text()


def test_an_opened_file_is_answered_on_its_page(
    window: MainWindow, session: Session, settled: Settle, theme: Theme
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.isVisible()
    assert "tokens" in window.page.headline.text
    assert "exact, asked from llama.cpp" in window.page.headline.text
    assert window.windowTitle().startswith("Llama 3.1 8B Instruct")
    assert window.status.text == "llama-cpp-python 0.3.36 · CUDA, CPU engine = formula within 0.2 %"
    assert not window.grab().isNull()


def test_the_formula_is_on_the_page_before_the_engine_has_answered(
    window: MainWindow, session: Session, domain: FakeDomain, qtbot: QtBot, settled: Settle
) -> None:
    domain.engine_gate = Gate()
    session.start()
    window.open_paths([FILE])
    qtbot.waitUntil(lambda: "asking llama.cpp" in window.page.headline.text, timeout=20_000)
    assert "by formula" in window.page.headline.text
    qtbot.waitUntil(lambda: bool(window.page.memory.bars))
    domain.engine_gate.open()
    settled(session)
    assert "by formula" not in window.page.headline.text


def test_an_error_is_shown_in_place_and_the_rest_goes_on(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.read_error = GgufError("photo.gguf is not a GGUF file.", hint="Choose another file.")
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.error.isVisible()
    assert window.page.error.text == "photo.gguf is not a GGUF file. Choose another file."
    assert not window.page.headline.isVisible()
    domain.read_error = None
    window.open_paths([OTHER])
    settled(session)
    assert not window.page.error.isVisible()
    assert window.page.headline.isVisible()


def test_a_dead_engine_is_said_above_the_formulas_answer(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_death = EngineDied("llama.cpp was killed.", hint="Look again.")
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.engine_trouble.isVisible()
    assert (
        window.page.engine_trouble.text == "These figures are by formula. llama.cpp was killed. Look again."
    )
    assert window.page.headline.isVisible()
    domain.engine_death = None
    window.actions_.look_again.trigger()
    settled(session)
    assert not window.page.engine_trouble.isVisible()


def test_a_missing_engine_is_said_before_any_file_is_opened(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")
    session.start()
    settled(session)
    assert window.welcome.engine_trouble.isVisible()
    assert "no engine" in window.status.text


def test_a_finding_about_the_computer_is_said_on_the_page(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    note = Note("cpu-only-build", "CPU-only build on a machine with RTX 4070.")
    domain.computer = answers.computer(answers.gpu(), findings=(note,))
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.findings.isVisible()
    assert window.page.findings.text == note.text


def test_what_does_not_fit_has_its_page_too(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, theme: Theme
) -> None:
    domain.models = {FILE.name: answers.model("Too big", weights_bytes=90 * GiB)}
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert window.page.headline.text.startswith("Does not fit")
    assert not window.grab().isNull()


@pytest.mark.parametrize("width", [100, 700, 900, 1400, 2600])
def test_the_page_has_no_sideways_scrolling(
    window: MainWindow, session: Session, settled: Settle, qtbot: QtBot, width: int
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    window.resize(width, 800)
    page = window.page
    qtbot.waitUntil(lambda: page.widget().width() == page.viewport().width() and page.width() > 0)
    assert not page.horizontalScrollBar().isVisible()


# --- several models


def test_opened_models_are_listed_with_their_verdict_and_chosen_there(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.models = {OTHER.name: answers.model("Too big", weights_bytes=90 * GiB)}
    session.start()
    window.open_paths([FILE, OTHER])
    settled(session)
    view = window.sidebar.view
    said = [
        view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(view.model().rowCount())
    ]
    assert said[0].endswith("up to 115,200 tokens")
    assert said[1].endswith("does not fit")
    assert view.currentIndex().row() == 0
    view.setCurrentIndex(view.model().index(1, 0))
    settled(session)
    assert session.current is view.model().index(1, 0).data(MODEL_ROLE)
    assert window.page.headline.text.startswith("Does not fit")


def test_opening_several_says_that_the_first_is_shown(window: MainWindow) -> None:
    window.open_paths([FILE, OTHER])
    assert window.status.message == "Opened 2 models, showing the first"


def test_a_model_is_closed_by_its_action(window: MainWindow, session: Session, settled: Settle) -> None:
    session.start()
    window.open_paths([FILE, OTHER])
    settled(session)
    window.actions_.close_model.trigger()
    assert session.current is not None
    assert session.current.path == OTHER
    window.actions_.close_model.trigger()
    assert window.welcome.isVisible()
    assert not window.actions_.close_model.isEnabled()
    assert window.windowTitle() == "Context Advisor"


# --- drag and drop


def test_a_model_file_is_announced_taken_and_opened(window: MainWindow, session: Session) -> None:
    data = dragged(str(FILE))
    assert enter(window, data).isAccepted()
    assert window.drops.veil.isVisible()
    assert window.drops.veil.words == "Drop to open llama.gguf"
    assert move(window, data).isAccepted()
    assert drop(window, data).isAccepted()
    assert not window.drops.veil.isVisible()
    assert [model.path for model in session.models] == [FILE]


def test_several_model_files_are_counted(window: MainWindow, session: Session) -> None:
    data = dragged(str(FILE), "/models/readme.md", str(OTHER))
    enter(window, data)
    assert window.drops.veil.words == "Drop to open 2 models"
    drop(window, data)
    assert [model.path for model in session.models] == [FILE, OTHER]


def test_other_files_are_refused_visibly(window: MainWindow, session: Session, theme: Theme) -> None:
    data = dragged("/photos/cat.png")
    enter(window, data)
    assert window.drops.veil.isVisible()
    assert window.drops.veil.words == "Only GGUF files can be opened here"
    assert not window.grab().isNull()
    assert not move(window, data).isAccepted()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.drops.veil.isVisible()
    assert not drop(window, data).isAccepted()
    assert session.models == []


def test_text_that_is_dragged_over_is_none_of_our_business(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("hello")
    assert not enter(window, data).isAccepted()
    assert not window.drops.veil.isVisible()


# --- choices, menus, memory of them


def test_goal_and_runtime_are_chosen_in_the_header_and_remembered(
    window: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    goals, runtimes = window.header.goals, window.header.runtimes
    goals.setCurrentIndex(goals.findData("chat"))
    goals.activated.emit(goals.currentIndex())
    runtimes.setCurrentIndex(runtimes.findData("ollama"))
    runtimes.activated.emit(runtimes.currentIndex())
    settled(session)
    assert "16,384 tokens" in window.page.headline.text
    assert preferences.goal == "chat"
    assert preferences.runtime == "ollama"


def test_the_theme_menu_changes_the_palette_and_is_remembered(
    window: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    window.actions_.theme(Theme.DARK).trigger()
    QApplication.processEvents()
    assert is_dark(window.palette())
    assert is_dark(window.page.headline.palette())
    assert preferences.theme is Theme.DARK
    assert not window.grab().isNull()
    window.actions_.theme(Theme.LIGHT).trigger()
    QApplication.processEvents()
    assert not is_dark(window.palette())


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


def test_the_dialog_opens_what_was_chosen(
    window: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([str(FILE)], ""))
    window.header.open_button.click()
    assert [model.path for model in session.models] == [FILE]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([], ""))
    window.actions_.open.trigger()
    assert len(session.models) == 1


def test_every_menu_command_has_words_and_no_key_is_taken_twice(window: MainWindow) -> None:
    keys: list[str] = []
    for menu in window.menuBar().findChildren(QMenu):
        for action in menu.actions():
            assert action.isSeparator() or action.text().strip()
            keys += [key.toString() for key in action.shortcuts() if menu is not window.recent_menu]
    assert {"Ctrl+O", "F5", "Ctrl+Q"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_looking_again_reads_the_computer_anew(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.recommendation is not None
    before = session.current.recommendation.n_ctx_safe
    domain.computer = answers.computer(answers.gpu(free=11 * GiB))
    window.actions_.look_again.trigger()
    settled(session)
    assert session.current.recommendation.n_ctx_safe > before
    assert session.current.recommendation.plan.basis is Basis.ENGINE


# --- the end


def test_closing_during_work_stops_it_and_remembers_the_place(
    window: MainWindow, session: Session, domain: FakeDomain, preferences: Preferences, qtbot: QtBot
) -> None:
    gate = domain.engine_gate = Gate()
    session.start()
    window.open_paths([FILE])
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    window.close()
    assert domain.closed == 1
    assert session.is_settled
    assert preferences.geometry is not None


def test_the_place_is_restored(session: Session, preferences: Preferences, qtbot: QtBot) -> None:
    first = MainWindow(session, preferences)
    qtbot.addWidget(first)
    first.show()
    first.resize(720, 650)  # the offscreen screen is no larger than 800 by 800
    preferences.geometry = first.saveGeometry()
    second = MainWindow(session, preferences)
    qtbot.addWidget(second)
    assert (second.width(), second.height()) == (720, 650)


def test_a_language_change_is_survived(window: MainWindow) -> None:
    QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    assert window.windowTitle() == "Context Advisor"
