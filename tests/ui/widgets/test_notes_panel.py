"""Reasons and notes, each once."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from advisor.basis import Note
from tests.support.panels import shown, texts
from ui.widgets.notes_panel import NotesPanel


def test_reasons_come_before_notes_and_nothing_twice(qtbot: QtBot) -> None:
    panel = NotesPanel()
    same = Note("a", "Memory is the limit.")
    panel.show_notes((same,), (same, Note("b", "Weights are mapped.")))
    shown(panel, qtbot)
    said = texts(panel)
    assert said.count("Memory is the limit.") == 1
    assert said.index("Memory is the limit.") < said.index("Weights are mapped.")


def test_no_note_shows_no_panel(qtbot: QtBot) -> None:
    panel = NotesPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_notes((), ())
    assert panel.isHidden()
