"""The two charts behind one another, read off by pointer and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.recommend.result import DecodeSpeed
from advisor.units import MiB
from tests.support import answers
from tests.support.panels import TOO_BIG, shown
from ui.model.chart_panel import ChartPanel
from ui.theme import Theme

SMALL = answers.model("Gemma 3 270M it", n_ctx_train=32768, weights_bytes=230 * MiB, kv_bytes_per_token=18432)


def test_the_chart_describes_itself_and_reads_off_with_the_keys(qtbot: QtBot, theme: Theme) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()))
    shown(panel, qtbot)
    assert panel.aside.text() == "NVIDIA GeForce RTX 4070"
    assert "9.0 GiB usable" in panel.chart.accessibleDescription()
    rest = panel.foot
    qtbot.keyClick(panel.chart, Qt.Key.Key_Home)
    assert panel.foot.startswith("256 tokens: f16 ")
    qtbot.keyClick(panel.chart, Qt.Key.Key_End)
    assert panel.foot.startswith("131,072 tokens: ")
    assert panel.chart.accessibleDescription() == panel.foot
    assert not panel.grab().isNull()
    qtbot.keyClick(panel.chart, Qt.Key.Key_Escape)
    assert panel.foot == rest


def test_the_chart_reads_off_under_the_pointer(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()))
    shown(panel, qtbot)
    qtbot.mouseMove(panel.chart, panel.chart.rect().center())
    assert "tokens: f16" in panel.foot


def test_the_second_view_is_the_speed_with_its_range_and_basis(qtbot: QtBot, theme: Theme) -> None:
    decode = (DecodeSpeed(0, 50.0, high=85.0), DecodeSpeed(16384, 20.0, high=35.0))
    speed = replace(answers.fast(), decode=decode, basis=Basis.ASSUMED)
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()), speed)
    shown(panel, qtbot)
    assert panel.charts.currentWidget() is panel.chart
    qtbot.mouseClick(panel.speed_button, Qt.MouseButton.LeftButton)
    assert panel.charts.currentWidget() is panel.speed
    assert panel.accessibleName() == "Speed against depth"
    assert panel.foot == "tokens per second over tokens already in the cache \u00b7 assumed"
    assert "writes 50 to 85 tokens/s, assumed" in panel.speed.accessibleDescription()
    qtbot.keyClick(panel.speed, Qt.Key.Key_Left)
    qtbot.keyClick(panel.speed, Qt.Key.Key_End)
    assert panel.foot == "16,384 tokens in the cache: writes 20 to 35 tokens/s, assumed"
    assert not panel.grab().isNull()
    qtbot.mouseMove(panel.speed, panel.speed.rect().center())
    assert "tokens in the cache: writes" in panel.foot
    qtbot.keyClick(panel.speed, Qt.Key.Key_Escape)
    panel.memory_button.click()
    assert panel.foot == "KV cache types by formula, over context in tokens"


def test_an_unknown_speed_is_said_calmly(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()), None)
    shown(panel, qtbot)
    panel.speed_button.click()
    assert panel.speed.accessibleDescription() == "Nothing is known of the speed here"
    qtbot.keyClick(panel.speed, Qt.Key.Key_Left)
    assert not panel.grab().isNull()


@pytest.mark.parametrize("model", [SMALL, TOO_BIG, answers.model(n_ctx_train=512)])
@pytest.mark.parametrize("width", [60, 300, 1600])
def test_any_chart_can_be_painted_at_any_width(qtbot: QtBot, model: answers.Model, width: int) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation(model), model))
    shown(panel, qtbot, width=width)


def test_an_empty_chart_is_calm(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(None)
    shown(panel, qtbot)
    qtbot.keyClick(panel.chart, Qt.Key.Key_Right)
    qtbot.mouseMove(panel.chart, panel.chart.rect().center())
    assert panel.chart.accessibleDescription() == "Nothing to show yet"
