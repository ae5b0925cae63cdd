"""Rows of lists: the chosen one has a tint and an edge at the side where reading begins."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets.row_painting import TextRow


@pytest.fixture
def rows(qtbot: QtBot) -> QListWidget:
    made = QListWidget()
    qtbot.addWidget(made)
    made.setItemDelegate(TextRow(made))
    made.addItems(["Context", "KV cache, with a name that is longer than its list is wide"])
    made.setCurrentRow(0)
    made.resize(160, 80)
    return made


def picture(rows: QListWidget) -> QImage:
    return rows.viewport().grab().toImage()


@pytest.mark.parametrize("direction", list(Qt.LayoutDirection)[:2])
def test_only_the_chosen_row_is_marked(
    rows: QListWidget, theme: Theme, direction: Qt.LayoutDirection
) -> None:
    rows.setLayoutDirection(direction)
    image, palette = picture(rows), rows.palette()
    first, second = (rows.visualItemRect(rows.item(row)).center().y() for row in (0, 1))
    is_leading = direction is Qt.LayoutDirection.LeftToRight
    edge, other = (1, image.width() - 2) if is_leading else (image.width() - 2, 1)
    assert image.pixelColor(edge, first) == palette.color(QPalette.ColorRole.Accent)
    assert image.pixelColor(other, first) == palette.color(QPalette.ColorRole.AlternateBase)
    assert image.pixelColor(edge, second) == palette.color(QPalette.ColorRole.Base)


def test_rows_have_room(rows: QListWidget) -> None:
    assert rows.sizeHintForRow(0) > rows.fontMetrics().height() * 1.4
