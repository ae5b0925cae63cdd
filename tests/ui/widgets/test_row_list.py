"""A list of a thousand rows asks for those that are seen."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.theme import Tone
from ui.widgets.row_list import RowList
from ui.widgets.row_painting import ROW_ROLE, RowText

MANY = 1000


class Counting(QAbstractListModel):
    """Rows that count how often they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[int] = []
        self.n_asked = 0

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's
        self.n_asked += 1
        return 0 if parent.isValid() else MANY

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != ROW_ROLE:
            return None
        self.drawn.append(index.row())
        return RowText(f"model {index.row()}", "facts", "fits", Tone.GOOD)


def test_a_changed_row_is_drawn_and_the_others_are_not_laid_out(qtbot: QtBot) -> None:
    model = Counting()
    view = RowList("models")
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(200, 300)
    view.show()
    qtbot.waitUntil(lambda: bool(model.drawn))
    assert len(set(model.drawn)) < MANY / 10
    QApplication.processEvents()
    model.drawn.clear()
    model.n_asked = 0
    first, last = model.index(0, 0), model.index(MANY - 1, 0)
    model.dataChanged.emit(first, first)
    qtbot.waitUntil(lambda: 0 in model.drawn)
    assert model.n_asked < MANY
    model.drawn.clear()
    model.dataChanged.emit(last, last)
    QApplication.processEvents()
    assert model.drawn == []
