"""A live curve's names: beside its title where there is room, else below it, in both reading directions."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from ui.proof.live_curve import LiveCurve
from ui.proof.live_layout import Line
from ui.theme import Theme

LONG = "NVIDIA GeForce RTX 4070 Laptop GPU (CUDA0)"
RAM = Line("RAM", ((0.0, 1.0), (2.0, 2.0)))


@pytest.fixture
def curve(qtbot: QtBot) -> LiveCurve:
    made = LiveCurve("Memory", lambda value: f"{value:.0f} GiB")
    qtbot.addWidget(made)
    made.resize(360, 120)
    return made


def line(name: str) -> Line:
    return Line(name, ((0.0, 1.0), (1.0, 5.0), (2.0, 3.0)))


def inked(curve: LiveCurve, row: int, *, at_end: bool) -> bool:
    """Whether anything is written in a tenth of that row of text, at the left or at the right."""
    image = curve.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    em = curve.fontMetrics().height()
    tenth = image.width() // 10
    start = image.width() - tenth if at_end else 0
    ground = image.pixel(image.width() // 2, 0)
    places = ((x, y) for x in range(start, start + tenth) for y in range(row * em + 2, (row + 1) * em - 2))
    return any(image.pixel(x, y) != ground for x, y in places)


def test_short_names_stand_beside_the_title(curve: LiveCurve, theme: Theme) -> None:
    curve.show_lines([line("CUDA0"), RAM])
    assert inked(curve, 0, at_end=False)
    assert inked(curve, 0, at_end=True)


def test_long_names_have_a_row_each(curve: LiveCurve) -> None:
    before = curve.minimumSizeHint().height()
    curve.show_lines([line(LONG), RAM])
    assert curve.minimumSizeHint().height() > before  # the curve itself keeps its room
    assert not inked(curve, 0, at_end=True)  # the title is alone
    for row in (1, 2):
        assert inked(curve, row, at_end=False)
        assert inked(curve, row, at_end=True)
    assert curve.accessibleDescription().startswith(f"{LONG} now 3 GiB, at most 5 GiB, RAM now 2 GiB")


def test_right_to_left_begins_at_the_right(curve: LiveCurve) -> None:
    curve.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    curve.show_lines([line(LONG), RAM])
    assert inked(curve, 0, at_end=True)
    assert not inked(curve, 0, at_end=False)


def test_one_line_asks_for_no_more_room(curve: LiveCurve) -> None:
    empty = curve.sizeHint()
    curve.show_lines([line("")])
    assert curve.sizeHint() == empty
