"""The frame of a page: a way back by button and key, a name, and rows that turn with the width."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from tests.support.audit import nameless
from ui.widgets.labels import label
from ui.widgets.page_frame import PageFrame


class Page(QScrollArea):
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.button = QPushButton("Copy")
        self.frame = PageFrame(self, "A page", self.left, buttons=[self.button])
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.wide = label("x" * 60)
        self.row.addWidget(self.wide)
        self.frame.column.addLayout(self.row)


@pytest.fixture
def page(qtbot: QtBot) -> Page:
    made = Page()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("how", ["click", "space", "escape"])
def test_the_user_can_leave(page: Page, qtbot: QtBot, how: str) -> None:
    with qtbot.waitSignal(page.left, timeout=20_000):
        if how == "click":
            page.frame.back.click()
        else:
            key = Qt.Key.Key_Space if how == "space" else Qt.Key.Key_Escape
            page.activateWindow()
            qtbot.waitUntil(page.isActiveWindow, timeout=20_000)
            page.frame.back.setFocus()
            qtbot.keyClick(page.frame.back, key)


def test_it_is_named_and_no_stop_on_the_way(page: Page) -> None:
    assert page.accessibleName() == "A page"
    assert page.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert nameless(page) == []


def test_it_is_as_wide_as_its_widest_part(page: Page) -> None:
    alone, with_part = page.frame.width_for(), page.frame.width_for(page.wide)
    assert alone > page.frame.head.minimumSizeHint().width()
    assert with_part > page.wide.minimumSizeHint().width() > page.frame.head.minimumSizeHint().width()


def test_rows_turn_where_they_have_no_room(page: Page, qtbot: QtBot) -> None:
    em = page.fontMetrics().height()
    for width, direction in ((em * 60, "LeftToRight"), (em * 20, "TopToBottom")):
        page.resize(width, 400)
        page.frame.turn([page.row], least_ems=40)
        assert page.row.direction() == QBoxLayout.Direction[direction]
