"""The quiet table: as tall as its rows, columns that give way, copied as text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.model.alternatives_panel import AlternativesPanel


def test_columns_give_way_one_after_the_other_instead_of_scrolling(panel: AlternativesPanel) -> None:
    view, seen = panel.view, []
    for width in range(900, panel.minimumSizeHint().width() - 1, -10):
        panel.resize(width, panel.height())
        QApplication.processEvents()
        hidden = [number for number in range(6) if view.isColumnHidden(number)]
        seen += [hidden] if hidden not in seen else []
        assert view.horizontalScrollBar().maximum() == 0
        asks = [button.isVisible() for button in view.horizontalHeader().help.values()]
        assert asks == [number not in hidden for number in (0, 1, 4)]
    assert seen == [[], [3], [1, 3], [1, 3, 4]]


def test_all_rows_are_copied_with_their_header(panel: AlternativesPanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["KV cache K / V", "GPU layers", "Largest safe"]
    assert len(lines) == 6


def test_a_selected_row_is_copied_alone(panel: AlternativesPanel) -> None:
    panel.view.selectRow(2)
    lines = panel.view.as_text().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("q8_0 / q8_0\t")


def test_the_table_is_as_tall_as_its_rows(panel: AlternativesPanel) -> None:
    last = panel.view.model().index(4, 0)
    assert panel.view.visualRect(last).bottom() <= panel.view.viewport().height()
    assert panel.view.viewport().height() - panel.view.visualRect(last).bottom() < 10
