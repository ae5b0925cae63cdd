"""The four panels in two columns that end together, or one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QWidget
from pytestqt.qtbot import QtBot

from ui.model.columns import Columns


@pytest.fixture
def panels(qtbot: QtBot) -> Iterator[list[QFrame]]:
    """Chart, settings, alternatives, levers."""
    page = QWidget()
    qtbot.addWidget(page)
    made = [QFrame() for _ in range(4)]
    for panel, height in zip(made, (100, 150, 80, 120), strict=True):
        panel.setMinimumSize(50, height)
    made[2].setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    page.setLayout(Columns(*made, 10))
    page.resize(620, 500)
    page.show()
    QApplication.processEvents()
    yield made
    page.close()


def test_side_by_side_the_columns_are_as_wide_and_end_together(panels: list[QFrame]) -> None:
    chart, settings, alternatives, levers = (panel.geometry() for panel in panels)
    assert (chart.left(), chart.right()) == (alternatives.left(), alternatives.right())
    assert (settings.left(), settings.right()) == (levers.left(), levers.right())
    assert chart.width() > settings.width()
    assert chart.top() == settings.top()
    assert alternatives.bottom() == levers.bottom()
    assert settings.left() > chart.right()
    assert levers.top() > settings.bottom()


def test_narrow_they_stand_below_one_another_in_reading_order(panels: list[QFrame]) -> None:
    columns = panels[0].parentWidget().layout()
    assert isinstance(columns, Columns)
    columns.stack(narrow=True)
    QApplication.processEvents()
    boxes = [panel.geometry() for panel in panels]
    assert len({(box.left(), box.right()) for box in boxes}) == 1
    assert all(above.bottom() < below.top() for above, below in pairwise(boxes))
    columns.stack(narrow=False)
    QApplication.processEvents()
    assert panels[1].geometry().left() > panels[0].geometry().right()
