"""Which page is shown: the first screen, a model's, this computer's, a comparison."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from advisor.errors import EngineMissing
from tests.support.fake_domain import FakeDomain
from ui.compare.compare_page import ComparePage
from ui.computer.computer_page import ComputerPage
from ui.computer.device_card import DeviceCard
from ui.model.model_page import ModelPage
from ui.session.session import Session
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]
ROOT = Path(__file__).resolve().parents[3]


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


def test_a_page_is_made_when_it_is_first_wanted(
    window: MainWindow, session: Session, settled: Settle
) -> None:
    assert made(window) == set()
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    assert made(window) == {"ModelPage"}
    window.actions_.computer.trigger()
    assert made(window) == {"ModelPage", "ComputerPage"}


def test_what_the_first_file_needs_is_made_before_there_is_one(window: MainWindow) -> None:
    window.pages.prepare()
    assert made(window) == {"ModelPage"}
    assert window.welcome.isVisible()


def test_a_page_that_is_made_late_shows_what_is_known(
    window: MainWindow, session: Session, settled: Settle
) -> None:
    session.start()
    settled(session)
    window.actions_.computer.trigger()
    assert window.computer.findChildren(DeviceCard)
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    assert "tokens" in window.page.headline.text
    window.actions_.compare.trigger()
    QApplication.processEvents()
    assert window.compare.columns[0].bars


def test_pages_that_are_not_shown_are_not_laid_out(answered: MainWindow) -> None:
    """Moving the window's edge costs what one page costs."""
    pages = answered.pages
    hidden = (answered.computer, answered.compare, answered.welcome)
    for page in hidden:
        pages.setCurrentWidget(page)
    pages.show_current()
    QApplication.processEvents()
    resized = [Resizes(page) for page in hidden]
    here = Resizes(answered.page)
    answered.resize(answered.width() + 40, answered.height() + 40)
    QApplication.processEvents()
    assert here.n >= 1
    assert [spy.n for spy in resized] == [0, 0, 0]


def test_where_the_window_gets_narrow_its_page_is_laid_out_once(answered: MainWindow) -> None:
    QApplication.processEvents()
    em = answered.fontMetrics().height()
    answered.resize(em * 90, em * 60)
    QApplication.processEvents()
    headline, memory = Resizes(answered.page.headline), Resizes(answered.page.memory)
    answered.resize(em * 60, em * 60)
    QApplication.processEvents()
    assert (headline.n, memory.n) == (1, 1)


def test_the_first_screen_needs_neither_pages_nor_export_nor_the_search_for_limits() -> None:
    """Read in a process of its own, as when the window starts."""
    code = "import sys, ui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    read = set(done.stdout.split())
    assert "ui.window.main_window" in read
    late = {"ui.model.model_page", "ui.computer.computer_page", "ui.compare.compare_page"}
    late |= {"ui.session.exporting", "advisor.export.prepare", "advisor.probe.prove", "http.client"}
    assert not read & late


class Resizes(QObject):
    """Counts how often a widget takes another size."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.n = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.Resize
        return super().eventFilter(watched, event)


def made(window: MainWindow) -> set[str]:
    """The pages that are there by now, beside the first screen."""
    pages = (ModelPage, ComputerPage, ComparePage)
    return {page.__name__ for page in pages if window.findChildren(page)}
