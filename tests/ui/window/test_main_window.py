"""The window itself: its theme, several files at once, and how it is left and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme, is_dark
from ui.window.main_window import MainWindow

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


def test_opening_several_says_that_the_first_is_shown(window: MainWindow) -> None:
    window.open_paths([FILE, OTHER])
    assert window.status.message == "Opened 2 models, showing the first"


def test_the_theme_menu_changes_the_palette_and_is_remembered(
    answered: MainWindow, preferences: Preferences
) -> None:
    answered.actions_.theme(Theme.DARK).trigger()
    QApplication.processEvents()
    assert is_dark(answered.palette())
    assert is_dark(answered.page.headline.palette())
    assert preferences.theme is Theme.DARK
    assert not answered.grab().isNull()
    answered.actions_.theme(Theme.LIGHT).trigger()
    QApplication.processEvents()
    assert not is_dark(answered.palette())


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


def test_the_docks_are_found_again_as_they_were_left(
    session: Session, preferences: Preferences, qtbot: QtBot
) -> None:
    first = MainWindow(session, preferences)
    qtbot.addWidget(first)
    first.show()
    assert not first.learn.isVisible()
    first.actions_.log.trigger()
    first.close()
    second = MainWindow(session, preferences)
    qtbot.addWidget(second)
    second.show()
    assert second.log.isVisible()
    assert second.actions_.log.isChecked()
    assert not second.learn.isVisible()
    assert not second.actions_.learn.isChecked()
    second.log.close()
    second.actions_.learn.trigger()
    second.close()
    third = MainWindow(session, preferences)
    qtbot.addWidget(third)
    assert (third.learn.isHidden(), third.log.isHidden()) == (False, True)


def test_a_place_of_another_version_is_passed_over(
    session: Session, preferences: Preferences, qtbot: QtBot
) -> None:
    preferences.geometry = preferences.docks = QByteArray(b"not of this Qt")
    made = MainWindow(session, preferences)
    qtbot.addWidget(made)
    assert made.learn.isHidden()
    assert made.width() > 300


def test_a_language_change_is_survived(window: MainWindow) -> None:
    QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    assert window.windowTitle() == "Context Advisor"
