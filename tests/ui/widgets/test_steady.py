"""A panel in a steady frame: the page is laid out anew only where the panel takes another size."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.support.panels import Relayouts
from ui.widgets.labels import label
from ui.widgets.steady import Steady


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(200, 300)
    return made


def framed(page: QWidget, words: QLabel) -> Steady:
    """The label on a panel in the frame, the frame on the page."""
    panel = QWidget()
    QVBoxLayout(panel).addWidget(words)
    frame = Steady(panel)
    QVBoxLayout(page).addWidget(frame)
    page.layout().addStretch(1)
    page.show()
    QApplication.processEvents()
    return frame


def test_the_panel_fills_the_frame_as_tall_as_its_words(page: QWidget) -> None:
    words = label("several words that need more than one line here", wraps=True)
    frame = framed(page, words)
    assert words.parentWidget().geometry() == frame.rect()
    assert words.height() >= words.heightForWidth(words.width()) > words.fontMetrics().height()
    assert frame.sizeHint().height() == frame.height()


@pytest.mark.parametrize("by_hand", [True, False])
def test_words_of_the_same_height_do_not_reach_the_page(page: QWidget, *, by_hand: bool) -> None:
    words = label("one", wraps=True)
    frame = framed(page, words)
    asked = Relayouts(page)
    words.setText("two")
    if by_hand:
        frame.settle()
    QApplication.processEvents()
    assert asked.n == 0


@pytest.mark.parametrize("by_hand", [True, False])
def test_words_that_need_another_line_do(page: QWidget, qtbot: QtBot, *, by_hand: bool) -> None:
    words = label("one", wraps=True)
    frame = framed(page, words)
    before, asked = frame.height(), Relayouts(page)
    words.setText("more words than there is room for in a single line of this width")
    if by_hand:
        frame.settle()
    qtbot.waitUntil(lambda: frame.height() > before)
    assert asked.n > 0
    assert words.height() >= words.heightForWidth(words.width())


def test_words_that_change_right_before_a_resize_are_not_forgotten(page: QWidget, qtbot: QtBot) -> None:
    words = label("one\ntwo\nthree")
    frame = framed(page, words)
    before = frame.height()
    words.setText("one")
    page.resize(page.width() + 40, page.height())
    qtbot.waitUntil(lambda: frame.height() < before)
    assert frame.height() == frame.sizeHint().height()


def test_a_panel_that_needs_more_width_says_so(page: QWidget, qtbot: QtBot) -> None:
    words = label("one")
    frame = framed(page, words)
    asked = Relayouts(page)
    words.setText("one line without a break that is wider than the page " * 3)
    qtbot.waitUntil(lambda: asked.n > 0)
    assert frame.minimumSizeHint().width() > 200
