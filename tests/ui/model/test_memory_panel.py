"""The memory panel: a bar a device, what is left, and what is pointed at."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.hardware.device import Hardware
from tests.support import answers
from tests.support.panels import TOO_BIG, shown, texts
from ui.model.memory_panel import MemoryPanel
from ui.theme import Theme


def test_a_prompt_splits_the_cache_into_what_it_fills_and_room_to_grow(qtbot: QtBot, theme: Theme) -> None:
    panel = MemoryPanel()
    plan = answers.recommendation(goal=answers.CHAT).plan
    panel.show_plan(plan, 4096)
    shown(panel, qtbot)
    assert "KV: prompt 512.0 MiB, KV: room to grow 1.5 GiB" in panel.bars[0].accessibleDescription()
    panel.show_plan(plan, None)
    assert "KV cache 2.0 GiB" in panel.bars[0].accessibleDescription()


@pytest.mark.parametrize(
    ("hardware", "names"),
    [
        (answers.computer(), ["RAM"]),
        (answers.computer(answers.gpu()), ["NVIDIA GeForce RTX 4070", "RAM"]),
        (answers.computer(answers.gpu(0, "A"), answers.gpu(1, "B")), ["A", "B", "RAM"]),
        (answers.computer(answers.gpu(0, "A"), answers.gpu(1, "A")), ["A (CUDA0)", "A (CUDA1)", "RAM"]),
    ],
)
def test_there_is_a_bar_for_every_device(
    qtbot: QtBot, theme: Theme, hardware: Hardware, names: list[str]
) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(hardware=hardware).plan)
    shown(panel, qtbot)
    assert [bar.accessibleName() for bar in panel.bars] == [f"Memory of {name}" for name in names]


def test_the_panel_names_the_context_and_what_is_left(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(goal=answers.CHAT).plan)
    shown(panel, qtbot)
    assert panel.title.text() == "Memory at 16,384 tokens"
    assert "GiB left" in texts(panel)
    panel.show_plan(answers.recommendation(TOO_BIG).plan)
    assert "too much" in texts(panel)


def test_pointing_at_a_bar_is_told_below_and_forgotten_after(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation().plan)
    shown(panel, qtbot)
    rest = panel.detail
    qtbot.keyClick(panel.bars[0], Qt.Key.Key_Home)
    assert "bytes" in panel.detail
    qtbot.keyClick(panel.bars[0], Qt.Key.Key_Escape)
    assert panel.detail == rest


def test_the_panel_is_stacked_where_it_is_narrow(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation().plan)
    panel.stack(narrow=True)
    shown(panel, qtbot, width=420)
    bar = panel.bars[0]
    assert bar.width() > 300
    panel.stack(narrow=False)
    QApplication.processEvents()
    assert len(panel.bars) == 2


def test_the_focus_stays_on_a_bar_when_the_engines_answer_arrives(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(basis=Basis.FORMULA).plan)
    shown(panel, qtbot)
    bar = panel.bars[1]
    panel.show_plan(answers.recommendation(basis=Basis.ENGINE).plan)
    assert panel.bars[1] is bar
    panel.show_plan(answers.recommendation(hardware=answers.computer()).plan)
    assert len(panel.bars) == 1
