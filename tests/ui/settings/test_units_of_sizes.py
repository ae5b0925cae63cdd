"""GiB or GB: every size in the window follows the choice at once, and it is remembered."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from advisor.units import ByteUnits, byte_units
from ui.charts.memory_bar import MemoryBar
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.settings.settings_dialog import SettingsDialog
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def sizes(window: MainWindow) -> set[str]:
    """The units of all sizes that the page in front shows or says."""
    table = window.page.alternatives.view.model()
    said = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    said += [bar.accessibleDescription() for bar in window.findChildren(MemoryBar) if bar.isVisible()]
    said += [str(table.index(row, 3).data()) for row in range(table.rowCount())]
    said += [window.page.chart.chart.accessibleDescription()]
    said += [
        str(window.sidebar.list.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole))
        for row in range(window.sidebar.list.rowCount())
    ]
    return set(re.findall(r"\d (GiB|MiB|KiB|GB|MB|kB)\b", " ".join(said)))


def choose(window: MainWindow, units: ByteUnits) -> None:
    window.actions_.settings.trigger()
    box = window.findChild(SettingsDialog).general.units
    box.setCurrentIndex(box.findData(units))
    box.activated.emit(box.currentIndex())


def test_all_sizes_follow_at_once_and_back_again(
    answered: MainWindow, session: Session, preferences: Preferences, settled: Settle
) -> None:
    actions = answered.actions_
    for units, names in (
        (ByteUnits.DECIMAL, {"GB", "MB", "kB"}),
        (ByteUnits.BINARY, {"GiB", "MiB", "KiB"}),
        (ByteUnits.DECIMAL, {"GB", "MB", "kB"}),
    ):
        choose(answered, units)
        answered.findChild(SettingsDialog).close()
        settled(session)
        assert preferences.units is units
        for page in (actions.computer, actions.computer, actions.compare, actions.compare):
            assert sizes(answered)
            assert sizes(answered) <= names
            page.trigger()


def test_exact_bytes_stay_exact(
    answered: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    choose(answered, ByteUnits.DECIMAL)
    settled(session)
    bar = answered.page.memory.bars[0]
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    assert "4.9 GB (4,907,335,680 bytes)" in bar.toolTip()


def test_it_is_remembered(session: Session, preferences: Preferences, qtbot: QtBot) -> None:
    preferences.units = ByteUnits.DECIMAL
    made = MainWindow(session, preferences)
    qtbot.addWidget(made)
    assert byte_units() is ByteUnits.DECIMAL
