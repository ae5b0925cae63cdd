"""The model's name and facts, which may be long and strange."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.support import answers
from tests.support.panels import opened, shown
from ui.model.title_line import TitleLine
from ui.theme import Theme


def test_the_title_escapes_and_breaks_long_names(qtbot: QtBot, theme: Theme) -> None:
    title = TitleLine()
    answer = answers.recommendation(answers.model("A-very-long_<name>-" * 12))
    title.show_model(opened(answer))
    shown(title, qtbot, width=300)
    assert "&lt;name&gt;" in title.text()
    assert title.heightForWidth(300) > title.heightForWidth(3000)
    assert title.toolTip() == str(Path("/models/x.gguf"))
