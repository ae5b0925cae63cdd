"""What else there is: a row for each choice, the first for none at all; a click on a row shows it."""

from __future__ import annotations

from advisor.recommend.result import Recommendation
from advisor.settings.load_settings import LoadSettings
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.model.alternatives_table import CELL_ROLE, LAYERS, SORT_ROLE, AlternativesTable
from ui.model.alternatives_view import AlternativesView
from ui.widgets.card import TitledCard

_Index = QModelIndex | QPersistentModelIndex


class AlternativesPanel(TitledCard):
    """What else there is: one row for each choice of cache types and layers."""

    chosen = Signal(object)  # the row's Request

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Alternatives"), self.tr("click a row to use it"), parent)
        self.table = AlternativesTable(self)
        self._sorted = _Sorted(self)
        self._sorted.setSourceModel(self.table)
        self._sorted.setSortRole(SORT_ROLE)
        self.view = AlternativesView()
        self.view.setModel(self._sorted)
        self.view.setAccessibleName(self.tr("Alternatives"))
        self.view.setAccessibleDescription(self.tr("Enter on a row uses its settings"))
        self.body.addWidget(self.view)
        self.body.addStretch(1)
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)

    def show_answer(self, answer: Recommendation | None, shown: LoadSettings | None = None) -> None:
        """`shown`: the settings on the page; without them they are the recommended ones."""
        rows = self.table.rowCount()
        if answer:
            self.view.leave_out(() if answer.hardware.gpus else (LAYERS,))
        self.table.show_answer(answer, shown)
        if self.table.rowCount() != rows:
            self.view.updateGeometry()

    def _choose(self, index: QModelIndex) -> None:
        request = self.table.request_at(self._sorted.mapToSource(index).row())
        if request:
            self.chosen.emit(request)


class _Sorted(QSortFilterProxyModel):
    """By any column; what happens by itself stays the first row."""

    def lessThan(self, left: _Index, right: _Index) -> bool:
        rises = self.sortOrder() is Qt.SortOrder.AscendingOrder
        if left.data(CELL_ROLE).is_unchanged:
            return rises
        if right.data(CELL_ROLE).is_unchanged:
            return not rises
        return super().lessThan(left, right)
