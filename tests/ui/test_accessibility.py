"""Whoever uses the keyboard or a screen reader reaches everything, and hears what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QScrollArea,
)

from advisor.errors import EngineDied
from tests.support import computers
from tests.support.audit import focusable, said_of
from tests.support.fake_domain import FakeDomain
from ui.crash import CrashDialog
from ui.session.session import Session
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def full(window: MainWindow, session: Session, domain: FakeDomain, settled: Settle) -> MainWindow:
    domain.engine_death = EngineDied("llama.cpp was killed.", hint="Look again.")
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


def test_everything_that_takes_the_focus_has_a_name(full: MainWindow) -> None:
    reached = focusable(full)
    assert len(reached) >= 8
    nameless = [widget for widget in reached if not said_of(widget).strip()]
    assert nameless == []


def test_the_first_screen_too(window: MainWindow) -> None:
    nameless = [widget for widget in focusable(window) if not said_of(widget).strip()]
    assert nameless == []


def test_painted_widgets_are_reached_and_described(full: MainWindow) -> None:
    painted = [*full.page.memory.bars, full.page.chart.chart]
    assert set(painted) <= set(focusable(full))
    assert all(widget.accessibleDescription() for widget in painted)


def test_no_button_is_out_of_reach_of_the_keyboard(full: MainWindow) -> None:
    buttons = [b for b in full.findChildren(QAbstractButton) if b.isVisible() and b.text()]
    assert buttons
    assert [b.text() for b in buttons if b.focusPolicy() == Qt.FocusPolicy.NoFocus] == []


def test_the_answer_is_one_sentence_for_a_screen_reader(full: MainWindow) -> None:
    description = full.page.headline.accessibleDescription()
    assert "tokens" in description
    assert "<" not in description


def test_tab_walks_through_the_window_and_comes_back(full: MainWindow) -> None:
    full.activateWindow()
    start = full.header.open_button
    start.setFocus()
    visited, widget = [], start
    for _ in range(2000):  # the chain holds every widget, also those that take no focus
        widget = widget.nextInFocusChain()
        if widget is start:
            break
        visited.append(widget)
    assert set(full.page.memory.bars) <= set(visited)


def test_the_scrolling_page_is_no_stop_on_the_way(full: MainWindow) -> None:
    areas = full.findChildren(QScrollArea)
    assert areas
    assert all(area.focusPolicy() == Qt.FocusPolicy.NoFocus for area in areas)


def test_this_computers_page_too(
    full: MainWindow, domain: FakeDomain, session: Session, settled: Settle
) -> None:
    domain.computer = computers.cpu_only_build()
    session.look_again()
    full.actions_.computer.trigger()
    settled(session)
    page = full.computer
    reached = [widget for widget in focusable(full) if page.isAncestorOf(widget)]
    buttons = [button for button in page.findChildren(QAbstractButton) if button.isVisible()]
    enabled = {widget for widget in (*buttons, *(card.bar for card in page.cards)) if widget.isEnabled()}
    assert enabled <= {*reached, *page.reserve.choices.values()}
    assert [widget for widget in reached if not said_of(widget).strip()] == []
    assert full.focusWidget() is page.back


def test_the_crash_dialog_is_named_throughout(qtbot: object) -> None:
    dialog = CrashDialog("report")
    qtbot.addWidget(dialog)
    dialog.show()
    assert [widget for widget in focusable(dialog) if not said_of(widget).strip()] == []
