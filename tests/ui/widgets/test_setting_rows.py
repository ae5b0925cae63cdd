"""Rows of settings: captions that lead to their fields, and a question mark that goes with its row."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.help_button import HelpButton
from ui.widgets.setting_rows import SettingRows


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.setLayout(SettingRows(14))
    return made


def rows_of(page: QWidget) -> SettingRows:
    rows = page.layout()
    assert isinstance(rows, SettingRows)
    return rows


def test_a_caption_leads_to_its_first_field_and_is_explained(page: QWidget) -> None:
    rows, number = rows_of(page), QSpinBox()
    caption = rows.add_row("GPU &layers", number, term="offload")
    [question] = page.findChildren(HelpButton)
    assert caption.buddy() is number
    assert question.accessibleName() == "What is \u201cGPU layers\u201d?"
    caption.hide()
    assert question.isHidden()


def test_a_field_that_grows_takes_the_row_and_another_only_what_it_needs(page: QWidget) -> None:
    rows, text, number = rows_of(page), QLineEdit(), QSpinBox()
    rows.add_row("Short", text)
    rows.add_row("A longer caption", number)
    page.show()
    assert text.width() > 2 * number.width()
    assert text.x() == number.x()
    assert rows.caption_width == rows.itemAtPosition(1, 0).widget().sizeHint().width()


def test_a_field_without_a_caption_stands_below_the_others(page: QWidget) -> None:
    rows, number, below = rows_of(page), QSpinBox(), QLineEdit()
    rows.add_row("Users", number)
    rows.add_below(below)
    page.show()
    assert below.x() == number.x()
    assert below.y() > number.y()
