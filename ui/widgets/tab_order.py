"""Tab walks through a page as it is read: Qt would put what was made later at the end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def order_as_laid_out(page: QWidget) -> None:
    """Give everything in the page's layouts that takes the focus the order that it stands in."""
    for before, after in pairwise(_stops(page)):
        QWidget.setTabOrder(before, after)


def _stops(widget: QWidget) -> Iterator[QWidget]:
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea) and widget.widget():
        yield from _stops(widget.widget())
    elif layout := widget.layout():
        yield from _stops_of(layout)


def _stops_of(layout: QLayout) -> Iterator[QWidget]:
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if widget := item.widget():
            yield from _stops(widget)
        elif inner := item.layout():
            yield from _stops_of(inner)
