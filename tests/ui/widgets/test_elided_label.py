"""A label that gives way: cut in its middle, whole for whoever rests on it or reads it aloud."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets.elided_label import ElidedLabel

NAME = "NVIDIA RTX 6000 Ada Generation Workstation Edition (CUDA1)"


@pytest.fixture
def name(qtbot: QtBot) -> ElidedLabel:
    made = ElidedLabel(NAME, most_ems=12)
    qtbot.addWidget(made)
    return made


def test_with_room_all_of_it_is_there_and_nothing_more_is_said(name: ElidedLabel) -> None:
    name.resize(1000, 20)
    assert not name.grab().isNull()
    assert name.shown == NAME
    assert name.toolTip() == ""


def test_without_room_its_middle_is_left_out(name: ElidedLabel, theme: Theme) -> None:
    name.resize(200, 20)
    assert not name.grab().isNull()
    assert name.shown.startswith("NVIDIA")
    assert "\u2026" in name.shown
    assert name.shown.endswith("(CUDA1)")
    assert name.toolTip() == NAME
    assert name.text() == NAME
    assert QAccessible.queryAccessibleInterface(name).text(QAccessible.Text.Name) == NAME


def test_it_asks_for_no_more_than_it_may_and_gives_way_further(name: ElidedLabel) -> None:
    em = name.fontMetrics().height()
    assert name.sizeHint().width() == 12 * em
    assert name.minimumSizeHint().width() < 12 * em
    name.setText("RAM")
    assert name.sizeHint().width() == name.minimumSizeHint().width() < 12 * em


def test_another_text_is_cut_anew(name: ElidedLabel) -> None:
    name.resize(200, 20)
    name.setText("RAM")
    assert (name.shown, name.toolTip()) == ("RAM", "")
    name.setText("<b>" + NAME)
    assert name.toolTip() == "<span>&lt;b&gt;" + NAME + "</span>"


def test_right_to_left_it_starts_at_the_right(name: ElidedLabel) -> None:
    name.setText("RAM")
    name.resize(300, 20)
    name.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    image = name.grab().toImage()
    ground = image.pixel(150, 0)
    assert any(image.pixel(x, y) != ground for x in range(260, 300) for y in range(20))
    assert all(image.pixel(x, y) == ground for x in range(40) for y in range(20))
