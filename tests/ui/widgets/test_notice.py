"""A notice is there only while there is something to say."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from ui.theme import Theme, Tone
from ui.widgets.notice import Notice


def test_a_notice_is_there_only_while_there_is_something_to_say(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(Tone.CAUTION)
    qtbot.addWidget(notice)
    assert notice.isHidden()
    notice.show_text("llama.cpp was killed.", "Look again.")
    assert notice.text == "llama.cpp was killed. Look again."
    assert notice.accessibleName() == "llama.cpp was killed."
    assert not notice.grab().isNull()
    notice.show_text("")
    assert notice.isHidden()
