"""The levers: each with its gain, the first few at first, used with one click."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from advisor.recommend.result import Lever
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support.panels import shown, texts
from ui.model.levers_panel import LeverRow, LeversPanel
from ui.theme import Theme
from ui.widgets.command_field import CopyButton


def test_levers_are_listed_with_their_gain(qtbot: QtBot, theme: Theme) -> None:
    panel = LeversPanel()
    panel.show_levers(
        (
            Lever("q8", "", 11264, GiB, title="q8_0 KV cache", detail="usually no loss"),
            Lever("ubatch", "", 0, 128 * MiB, title="ubatch 256"),
            Lever("ubatch-1024", "", -256, -MiB, title="ubatch 1024"),
        )
    )
    shown(panel, qtbot, width=300)
    said = " ".join(texts(panel).split())
    assert "q8_0 KV cache | +11,264 tokens | frees 1.0 GiB at the same context usually no loss" in said
    assert "ubatch 256 | frees 128.0 MiB" in said
    assert "ubatch 1024 | \u2212256 tokens | takes 1.0 MiB more at the same context" in said


def test_a_lever_is_used_with_one_click_and_a_command_is_copied(qtbot: QtBot) -> None:
    panel = LeversPanel()
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    request = Request(n_ctx=8192, n_ubatch=256)
    panel.show_levers(
        (
            Lever("ubatch", "ubatch 256: +512 tokens", 512, 0, title="ubatch 256", request=request),
            Lever("unload", "x", 21504, 0, title="Unload it", detail="comes back", command="ollama stop x"),
        )
    )
    shown(panel, qtbot, width=300)
    first, second = panel.findChildren(LeverRow)
    assert first.use is not None
    assert first.use.accessibleName() == "Use: ubatch 256"
    qtbot.keyClick(first.use, Qt.Key.Key_Space)
    assert asked == [request]
    assert second.use is None
    second.findChild(CopyButton).click()
    assert QApplication.clipboard().text() == "ollama stop x"
    assert "Unload it | +21,504 tokens | comes back" in texts(panel)


def test_the_first_few_come_first_and_the_keyboard_goes_on_with_the_rest(qtbot: QtBot) -> None:
    request = Request(n_ctx=8192)
    panel = LeversPanel()
    panel.show_levers(tuple(Lever(f"{i}", "", i, 0, title=f"lever {i}", request=request) for i in range(6)))
    shown(panel, qtbot, width=300)
    rows = panel.findChildren(LeverRow)
    assert [row.isVisible() for row in rows] == [True] * 4 + [False] * 2
    assert panel.more.text() == "Show 2 more"
    panel.activateWindow()
    qtbot.keyClick(panel.more, Qt.Key.Key_Space)
    assert all(row.isVisible() for row in rows)
    assert panel.more.isHidden()
    assert panel.focusWidget() is rows[4].use
    panel.show_levers(())
    assert panel.more.isHidden()


def test_no_lever_is_said_in_words(qtbot: QtBot) -> None:
    panel = LeversPanel()
    panel.show_levers(())
    shown(panel, qtbot)
    assert "as much as the model can hold" in texts(panel)
