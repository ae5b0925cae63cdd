"""The list of opened models: their verdicts, choosing one, closing one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from advisor.units import GiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain
from ui.session.session import Session
from ui.window.main_window import MainWindow
from ui.window.model_list import MODEL_ROLE

FILE = Path("/models/llama.gguf")
OTHER = Path("/models/other.gguf")

Settle = Callable[[Session], None]


def test_opened_models_are_listed_with_their_verdict_and_chosen_there(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.models = {OTHER.name: answers.model("Too big", weights_bytes=90 * GiB)}
    session.start()
    window.open_paths([FILE, OTHER])
    settled(session)
    view = window.sidebar.view
    said = [
        view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(view.model().rowCount())
    ]
    assert said[0].endswith("up to 115,200 tokens")
    assert said[1].endswith("does not fit")
    assert view.currentIndex().row() == 0
    view.setCurrentIndex(view.model().index(1, 0))
    settled(session)
    assert session.current is view.model().index(1, 0).data(MODEL_ROLE)
    assert window.page.headline.text.startswith("Does not fit")


def test_a_model_is_closed_by_its_action(window: MainWindow, session: Session, settled: Settle) -> None:
    session.start()
    window.open_paths([FILE, OTHER])
    settled(session)
    window.actions_.close_model.trigger()
    assert session.current is not None
    assert session.current.path == OTHER
    window.actions_.close_model.trigger()
    assert window.welcome.isVisible()
    assert not window.actions_.close_model.isEnabled()
    assert window.windowTitle() == "Context Advisor"
