"""The context chart's ground is painted once, while the answer moves over it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support import answers
from ui.charts.chart_layout import ContextCurves, Point
from ui.charts.chart_painting import ChartPainting, scale_for
from ui.charts.context_chart import ContextChart
from ui.theme import Theme, apply_theme


@pytest.fixture
def curves() -> ContextCurves:
    return answers.curves(answers.recommendation())


@pytest.fixture
def grounds(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each painting of a ground."""
    painted: list[object] = []
    original = ChartPainting.paint_ground

    def counted(self: ChartPainting) -> None:
        painted.append(self)
        original(self)

    monkeypatch.setattr(ChartPainting, "paint_ground", counted)
    return painted


@pytest.fixture
def chart(curves: ContextCurves, qtbot: QtBot, grounds: list[object]) -> ContextChart:
    made = ContextChart()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show_curves(curves)
    made.show()
    made.grab()
    grounds.clear()
    return made


def test_an_answer_that_moves_does_not_paint_the_curves_anew(
    chart: ContextChart, curves: ContextCurves, grounds: list[object]
) -> None:
    before = chart.grab().toImage()
    chart.show_curves(replace(curves, answer=Point(8192, curves.curves[0].bytes_at(8192)), answer_name="f16"))
    assert chart.grab().toImage() != before
    assert grounds == []


def test_it_is_painted_as_if_anew(chart: ContextChart, curves: ContextCurves, qtbot: QtBot) -> None:
    moved = replace(curves, answer=Point(8192, curves.curves[0].bytes_at(8192)), answer_name="f16")
    chart.show_curves(moved)
    fresh = ContextChart()
    qtbot.addWidget(fresh)
    fresh.resize(chart.size())
    fresh.show_curves(moved)
    chart.clearFocus()
    assert chart.grab().toImage() == fresh.grab().toImage()


def test_another_size_palette_or_curve_paints_it_anew(
    chart: ContextChart, curves: ContextCurves, grounds: list[object], qapp: QApplication
) -> None:
    chart.resize(520, 300)
    chart.grab()
    assert len(grounds) == 1
    apply_theme(qapp, Theme.DARK)
    qapp.processEvents()
    chart.grab()
    assert len(grounds) == 2
    chart.show_curves(replace(curves, measured=(Point(4096, 6 * 2**30),)))
    chart.grab()
    assert len(grounds) == 3


def test_where_two_are_compared_both_are_marked(
    chart: ContextChart, curves: ContextCurves, theme: Theme
) -> None:
    there = Point(4096, curves.curves[0].bytes_at(4096))
    alone = chart.grab().toImage()
    chart.show_curves(replace(curves, other=there, other_name=curves.curves[0].name))
    both = chart.grab().toImage()
    scale = scale_for(curves, chart.font(), chart.width(), chart.height())
    ratio = both.devicePixelRatio()
    x, y = (round(at * ratio) for at in (scale.x(there.n_ctx), scale.y(there.n_bytes) - 4))
    assert both.pixelColor(x, y) != alone.pixelColor(x, y)
    outside = Point(scale.n_ctx_max + 256, there.n_bytes)
    chart.show_curves(replace(curves, other=outside, other_name=curves.curves[0].name))
    assert chart.grab().toImage() == alone
