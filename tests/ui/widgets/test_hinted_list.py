"""A list says what belongs into it only while there is nothing to see."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets.hinted_list import HintedList


def test_the_hint_is_there_while_no_row_is(qtbot: QtBot, theme: Theme) -> None:
    made = HintedList("No files yet")
    qtbot.addWidget(made)
    made.resize(200, 100)
    empty = made.grab().toImage()
    assert made.hint == "No files yet"
    made.addItem("a.txt")
    assert made.hint == ""
    made.setRowHidden(0, True)
    assert made.hint == "No files yet"
    assert made.grab().toImage() == empty
