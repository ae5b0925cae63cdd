"""Tab walks as the page is read, also over what was made later."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.tab_order import order_as_laid_out


def walked(start: QWidget, n: int) -> list[QWidget]:
    found, widget = [start], start
    while len(found) < n:
        widget = widget.nextInFocusChain()
        if isinstance(widget, (QPushButton, QLineEdit)):
            found.append(widget)
    return found


def test_an_empty_page_has_no_order(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    order_as_laid_out(page)
    QVBoxLayout(page).addWidget(QLabel("nothing to stop at"))
    order_as_laid_out(page)


def test_what_was_made_later_has_its_place(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    first, last = QLineEdit(), QPushButton("last")
    area, inside = QScrollArea(), QWidget()
    line = QHBoxLayout()
    cards = QVBoxLayout(inside)
    area.setWidget(inside)
    column.addWidget(first)
    column.addWidget(area)
    column.addLayout(line)
    line.addWidget(last)
    late = [QPushButton("a"), QPushButton("b")]
    for button in reversed(late):
        cards.insertWidget(0, button)
    order_as_laid_out(page)
    assert walked(first, 4) == [first, *late, last]
