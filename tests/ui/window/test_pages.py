"""Which page is shown: the first screen, a model's, this computer's, a comparison."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor.errors import EngineMissing
from tests.support.fake_domain import FakeDomain
from ui.session.session import Session
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


def test_the_first_screen_offers_a_file_and_this_computers_memory(
    window: MainWindow, session: Session, settled: Settle
) -> None:
    assert window.welcome.isVisible()
    assert not window.page.isVisible()
    session.start()
    settled(session)
    assert "12.0 GiB, 10.0 free, 9.0 usable" in window.welcome.computer.text()


def test_a_command_shows_its_page_and_leads_back(answered: MainWindow) -> None:
    actions = answered.actions_
    for action, page in (
        (actions.models, answered.welcome),
        (actions.computer, answered.computer),
        (actions.compare, answered.compare),
    ):
        action.trigger()
        assert answered.pages.currentWidget() is page
        action.trigger()
        assert answered.page.isVisible()


def test_another_model_is_compared_with_the_one_before(
    answered: MainWindow, session: Session, settled: Settle
) -> None:
    answered.open_paths([Path("/models/other.gguf")])
    settled(session)
    answered.sidebar.beside.trigger()
    assert answered.compare.isVisible()
    answered.compare.left.emit()
    assert answered.page.isVisible()


def test_a_missing_engine_is_said_before_any_file_is_opened(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")
    session.start()
    settled(session)
    assert window.welcome.engine_trouble.isVisible()
    assert "no engine" in window.status.text
