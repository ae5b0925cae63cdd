"""The names of views: one is pressed, and nothing moves when another is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets.view_button import ViewButton


def test_one_is_pressed_by_mouse_or_key_and_looks_so(qtbot: QtBot, theme: Theme) -> None:
    box, group = QWidget(), QButtonGroup()
    qtbot.addWidget(box)
    line = QHBoxLayout(box)
    first, second = ViewButton("Memory"), ViewButton("Speed")
    for button in (first, second):
        group.addButton(button)
        line.addWidget(button)
    first.setChecked(True)
    box.show()
    sizes, pressed = (first.size(), second.size()), first.grab().toImage()
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert second.isChecked()
    assert not first.isChecked()
    assert first.grab().toImage() != pressed
    second.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Space)
    assert first.isChecked()
    assert (first.size(), second.size()) == sizes


@pytest.mark.parametrize("direction", list(Qt.LayoutDirection)[:2])
def test_the_words_begin_at_the_same_place_bold_or_not(qtbot: QtBot, direction: Qt.LayoutDirection) -> None:
    button = ViewButton("Length")
    qtbot.addWidget(button)
    button.setLayoutDirection(direction)
    button.resize(button.sizeHint())
    starts = []
    for is_shown in (True, False):
        button.setChecked(is_shown)
        image = button.grab().toImage()
        ground, rows = image.pixel(0, 0), range(image.height() - 3)  # without the line below
        inked = [x for x in range(image.width()) if any(image.pixel(x, y) != ground for y in rows)]
        starts.append(inked[0] if direction is Qt.LayoutDirection.LeftToRight else inked[-1])
    assert abs(starts[0] - starts[1]) <= 1
