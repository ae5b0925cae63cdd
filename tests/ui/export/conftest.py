"""An export dialog over a window with an open model, as the tests of this room need it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.fake_domain import FakeDomain
from tests.support.model_stores import places
from ui.export.export_dialog import ExportDialog
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def domain(tmp_path: Path) -> FakeDomain:
    made = FakeDomain()
    made.places = places(tmp_path / "home")
    return made


@pytest.fixture
def opened(window: MainWindow, session: Session, settled: Settle) -> MainWindow:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


@pytest.fixture
def dialog(
    opened: MainWindow, session: Session, preferences: Preferences, settled: Settle, qtbot: QtBot
) -> ExportDialog:
    made = ExportDialog(session, preferences)
    qtbot.addWidget(made)
    made.show()
    settled(session)
    return made
