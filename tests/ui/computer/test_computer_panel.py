"""This computer's lines in the sidebar: whole at any width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from advisor.errors import PresetError
from tests.support import computers
from tests.support.fake_domain import FakeDomain
from ui.computer.computer_panel import ComputerLines
from ui.session.session import Session

Settle = Callable[[Session], None]


@pytest.fixture
def sidebar(session: Session, qtbot: QtBot) -> QWidget:
    """Something that gives the lines the height that they ask for."""
    made = QWidget()
    qtbot.addWidget(made)
    column = QVBoxLayout(made)
    column.addWidget(ComputerLines(session, QAction("Details", made)))
    column.addStretch(1)
    made.resize(240, 900)
    made.show()
    return made


def test_a_computer_that_cannot_be_read_says_why(
    sidebar: QWidget, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.hardware_error = PresetError("The table of GPUs is damaged.", hint="Install again.")
    session.start()
    settled(session)
    texts = [label.text() for label in sidebar.findChildren(QLabel)]
    assert "The table of GPUs is damaged. Install again." in texts


def test_no_line_is_cut_at_any_width(
    sidebar: QWidget, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.computer = computers.two_cards()
    session.start()
    settled(session)
    for width in (240, 160, 400, 180):
        sidebar.resize(width, 900)
        for _ in range(3):  # a height that follows from a width takes a second layout
            QCoreApplication.sendPostedEvents()
            QCoreApplication.processEvents()
        labels = [label for label in sidebar.findChildren(QLabel) if label.isVisible()]
        assert any("very long product name" in label.text() for label in labels)
        cut = [label.text() for label in labels if label.height() < label.heightForWidth(label.width())]
        assert cut == [], f"at {width}"
