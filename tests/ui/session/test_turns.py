"""Work that can wait begins one piece at a time, and never twice without a turn of the window between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from ui.session.turns import Turns


class Pieces:
    """Begins nothing but a list; `is_free` says whether something may begin."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.is_free = True
        self.parent = QObject()
        self.turns = Turns[str](self.begun.append, lambda: self.is_free, self.parent)


@pytest.fixture
def pieces(qapp: object) -> Iterator[Pieces]:
    made = Pieces()
    yield made
    made.turns.clear()


def turn() -> None:
    """Several, so that whatever may begin has begun."""
    for _ in range(5):
        QCoreApplication.processEvents()


def test_nothing_begins_before_the_window_had_its_turn(pieces: Pieces, qtbot: QtBot) -> None:
    pieces.turns.add("a")
    assert pieces.begun == []
    qtbot.waitUntil(lambda: pieces.begun == ["a"])


def test_the_next_one_begins_when_the_last_has_ended_and_a_turn_has_passed(
    pieces: Pieces, qtbot: QtBot
) -> None:
    for name in "abc":
        pieces.turns.add(name)
    turn()
    assert pieces.begun == ["a"]
    pieces.turns.ended("a")
    assert pieces.begun == ["a"]
    qtbot.waitUntil(lambda: pieces.begun == ["a", "b"])


def test_what_is_next_goes_before_what_waits(pieces: Pieces, qtbot: QtBot) -> None:
    pieces.turns.add("a")
    pieces.turns.add("b")
    pieces.turns.add("c", is_next=True)
    qtbot.waitUntil(lambda: bool(pieces.begun))
    assert pieces.begun == ["c"]


def test_while_others_are_waited_for_nothing_begins(pieces: Pieces, qtbot: QtBot) -> None:
    pieces.is_free = False
    pieces.turns.add("a")
    turn()
    assert pieces.begun == []
    pieces.is_free = True
    pieces.turns.ended("what others waited for")
    qtbot.waitUntil(lambda: pieces.begun == ["a"])


def test_what_is_taken_out_waits_no_longer(pieces: Pieces) -> None:
    pieces.turns.add("a")
    assert pieces.turns.take("a")
    assert not pieces.turns.take("a")
    turn()
    assert pieces.begun == []


def test_after_an_end_of_all_nothing_begins(pieces: Pieces) -> None:
    pieces.turns.add("a")
    pieces.turns.clear()
    turn()
    assert pieces.begun == []
