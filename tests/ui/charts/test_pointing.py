"""Pointing by mouse and keys at something that is no chart: stops, sentences, and what is heard."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui.charts.pointing import Pointing


class Ruler(QWidget):
    """Stops at 0, 10, 20 and 30 pixels; nothing lies beyond 40."""

    def __init__(self, *, begins_on_tab: bool = False) -> None:
        super().__init__()
        self.told: list[object] = []
        self.marks: list[int] = [0, 10, 20, 30]
        self.pointing = Pointing(self, self, begins_on_tab=begins_on_tab)
        self.pointing.told.connect(self.told.append)

    def under(self, x: float) -> int | None:
        return round(x) if x <= 40 else None

    def stops(self) -> Sequence[int]:
        return self.marks

    def start(self) -> int:
        return 15

    def sentence(self, where: int) -> str:
        return f"at {where}"

    def described(self) -> str:
        return "a ruler"


@pytest.fixture
def ruler(qtbot: QtBot) -> Ruler:
    made = Ruler()
    qtbot.addWidget(made)
    made.resize(100, 20)
    made.show()
    made.pointing.renew()
    return made


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ([Qt.Key.Key_Right], 20),
        ([Qt.Key.Key_Left], 10),
        ([Qt.Key.Key_Right] * 9, 30),
        ([Qt.Key.Key_Left] * 9, 0),
        ([Qt.Key.Key_End, Qt.Key.Key_Left], 20),
        ([Qt.Key.Key_Home, Qt.Key.Key_Right], 10),
        ([Qt.Key.Key_Home, Qt.Key.Key_Escape], None),
        ([Qt.Key.Key_A], None),
    ],
)
def test_keys_go_from_stop_to_stop(ruler: Ruler, qtbot: QtBot, keys: list[Qt.Key], where: int | None) -> None:
    for key in keys:
        qtbot.keyClick(ruler, key)
    assert ruler.pointing.where == where
    assert ruler.accessibleDescription() == ("a ruler" if where is None else f"at {where}")


def test_the_pointer_is_told_once_for_a_place_and_forgotten_outside(ruler: Ruler, qtbot: QtBot) -> None:
    for x in (12, 12, 90, 95):
        qtbot.mouseMove(ruler, QPoint(x, 5))
    assert ruler.told == ["at 12", None]


def test_where_there_is_nothing_to_read_keys_are_left_to_others(ruler: Ruler, qtbot: QtBot) -> None:
    ruler.marks = []
    qtbot.keyClick(ruler, Qt.Key.Key_Right)
    assert ruler.told == []


def test_something_else_to_show_ends_the_pointing_or_keeps_it(ruler: Ruler, qtbot: QtBot) -> None:
    qtbot.keyClick(ruler, Qt.Key.Key_Home)
    ruler.pointing.renew(20)
    assert ruler.told == ["at 0", "at 20"]
    ruler.pointing.renew()
    assert ruler.pointing.where is None
    assert ruler.accessibleDescription() == "a ruler"


def test_coming_in_by_tab_may_begin_at_the_first_stop_and_leaving_ends(qtbot: QtBot) -> None:
    def focus(ruler: Ruler, kind: QEvent.Type, reason: Qt.FocusReason) -> None:
        QApplication.sendEvent(ruler, QFocusEvent(kind, reason))

    eager, calm = Ruler(begins_on_tab=True), Ruler()
    for ruler in (eager, calm):
        qtbot.addWidget(ruler)
        focus(ruler, QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason)
        focus(ruler, QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
        focus(ruler, QEvent.Type.FocusIn, Qt.FocusReason.MouseFocusReason)
    assert eager.told == ["at 0", None]
    assert calm.told == []
