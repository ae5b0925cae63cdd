"""The context chart with its title and what is read off it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.card import TitledCard
from ui.chart_layout import ContextCurves
from ui.context_chart import ContextChart
from ui.labels import SMALL, muted_label


class ChartPanel(TitledCard):
    """Memory against context."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Memory against context"), parent=parent)
        self.chart = ContextChart()
        self._foot = muted_label(size=SMALL, wraps=True)
        self._data: ContextCurves | None = None
        self._rest = ""
        self.body.addWidget(self.chart, 1)
        self.body.addWidget(self._foot)
        self.chart.pointed.connect(self._show_point)

    @property
    def foot(self) -> str:
        return self._foot.text()

    def show_curves(self, data: ContextCurves | None) -> None:
        if data is self._data:
            return
        self._data = data
        self.chart.show_curves(data)
        self.aside.setText(data.device_name if data else "")
        self._rest = self.tr("KV cache types by formula, over context in tokens") if data else ""
        self._show_point(None)

    def _show_point(self, sentence: str | None) -> None:
        self._foot.setText(sentence or self._rest)
