"""The log's panel, and the diagnostics on the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from advisor.errors import AdvisorError
from tests.support.audit import nameless
from tests.support.fake_domain import FakeDomain
from ui.session.session import Session
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def test_it_opens_below_is_filtered_and_copied(
    answered: MainWindow, session: Session, qtbot: QtBot, theme: Theme
) -> None:
    answered.actions_.log.trigger()
    panel = answered.log
    assert panel.isVisible()
    assert "asking llama.cpp" in panel.text.toPlainText()
    panel.kinds.setCurrentIndex(2)
    panel.kinds.activated.emit(2)
    assert "asking" not in panel.text.toPlainText()
    assert "by formula" in panel.text.toPlainText()
    session.progress_changed.emit("asking again")
    assert "asking again" not in panel.text.toPlainText()
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == panel.text.toPlainText()
    assert nameless(panel) == []
    qtbot.keyClick(panel.text, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert not answered.actions_.log.isChecked()


def test_the_diagnostics_are_the_doctors_report_and_the_log(answered: MainWindow) -> None:
    answered.actions_.diagnostics.trigger()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("Context Advisor ")
    assert "NVIDIA GeForce RTX 4070" in text
    assert "asking llama.cpp: 256 tokens" in text
    assert str(Path.home()) not in text


def test_diagnostics_of_a_computer_that_cannot_be_read(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    window.actions_.diagnostics.trigger()
    assert "was not read yet" in QGuiApplication.clipboard().text()
    domain.hardware_error = AdvisorError("The memory cannot be read.", hint="Look again.")
    session.start()
    settled(session)
    window.actions_.diagnostics.trigger()
    assert "The memory cannot be read." in QGuiApplication.clipboard().text()
    assert "Nothing is wrong" not in QGuiApplication.clipboard().text()
