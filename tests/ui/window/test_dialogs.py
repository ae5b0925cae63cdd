"""The dialogs over the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from ui.session.session import Session
from ui.window.main_window import MainWindow

FILE = Path("/models/llama.gguf")


def test_the_dialog_opens_what_was_chosen(
    window: MainWindow, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([str(FILE)], ""))
    window.header.open_button.click()
    assert [model.path for model in session.models] == [FILE]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([], ""))
    window.actions_.open.trigger()
    assert len(session.models) == 1
