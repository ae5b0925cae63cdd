"""The two charts behind one another, with the buttons that bring each to the front, and what is read off."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.engine.proof import SpeedPoint
from advisor.recommend.result import Speed
from advisor.units import byte_units
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QWidget

from ui.charts.chart_layout import ContextCurves
from ui.charts.context_chart import ContextChart
from ui.charts.speed_chart import SpeedChart
from ui.charts.speed_layout import SpeedCurve, speed_curve
from ui.widgets.card import TitledCard
from ui.widgets.labels import SMALL, muted_label
from ui.widgets.view_button import ViewButton
from ui.wording import basis_words


class ChartPanel(TitledCard):
    """Memory against context, or speed against depth."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Memory against context"), parent=parent)
        self.title.hide()  # the pressed button says the same
        self.chart = ContextChart()
        self.speed = SpeedChart()
        self.charts = QStackedWidget()
        self._foot = muted_label(size=SMALL, wraps=True)
        self._data: ContextCurves | None = None
        self._units = byte_units()
        self._curve: SpeedCurve | None = None
        self._views = QButtonGroup(self)
        views = QHBoxLayout()
        views.setSpacing(self.fontMetrics().height())
        for chart in (self.chart, self.speed):
            self.charts.addWidget(chart)
            chart.pointed.connect(self._show_point)
            button = ViewButton(chart.accessibleName())
            self._views.addButton(button, len(self._views.buttons()))
            views.addWidget(button)
        self.memory_button, self.speed_button = self._views.buttons()
        self.memory_button.setChecked(True)
        self._views.idClicked.connect(self._show_view)
        self.body.itemAt(0).layout().insertLayout(0, views)
        self.body.addWidget(self.charts, 1)
        self.body.addWidget(self._foot)
        self._show_view(0)

    @property
    def foot(self) -> str:
        return self._foot.text()

    def show_curves(
        self, data: ContextCurves | None, speed: Speed | None = None, measured: Sequence[SpeedPoint] = ()
    ) -> None:
        """The curves of the memory chart, and the speed of what is shown with what was measured of it."""
        curve = speed_curve(speed, measured)
        if curve != self._curve:
            self._curve = curve
            self.speed.show_curve(curve)
        if (data, byte_units()) != (self._data, self._units):
            self._data, self._units = data, byte_units()
            self.chart.show_curves(data)
        self._show_view(self.charts.currentIndex())

    def _show_view(self, index: int) -> None:
        self.charts.setCurrentIndex(index)
        self.setAccessibleName(self.charts.currentWidget().accessibleName())
        is_memory = self.charts.currentWidget() is self.chart
        self.aside.setText(self._data.device_name if is_memory and self._data else "")
        self._show_point(None)

    def _show_point(self, sentence: str | None) -> None:
        self._foot.setText(sentence or self._rest())

    def _rest(self) -> str:
        rings = self.tr("\u25cb measured by proofs")
        if self.charts.currentWidget() is self.chart:
            text = self.tr("KV cache types by formula, over context in tokens") if self._data else ""
            return f"{text} \u00b7 {rings}" if self._data and self._data.measured else text
        if self._curve is None:
            return ""
        text = self.tr("tokens per second over tokens already in the cache \u00b7 {basis}")
        text = text.format(basis=basis_words(self._curve.basis))
        return f"{text} \u00b7 {rings}" if self._curve.measured else text
