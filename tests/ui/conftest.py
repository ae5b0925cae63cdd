"""The window's tests: a fixed style and palette, hand-made sessions, and nothing left behind.

A test that leaves a top-level widget, a running timer or busy threads fails, and says which.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from advisor.units import ByteUnits, spell_bytes_in
from tests.support.fake_domain import FakeDomain
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.tasks import Tasks
from ui.theme import Theme, apply_theme
from ui.window.main_window import MainWindow


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["context-advisor"]


@pytest.fixture(scope="session", autouse=True)
def _only_new_objects() -> Iterator[None]:
    """Set aside what was there before: `_nothing_left` looks through all objects after every test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _style(qapp: QApplication) -> None:
    """Whatever the desktop of the machine is set to."""
    qapp.setStyle("Fusion")
    apply_theme(qapp, Theme.LIGHT)
    spell_bytes_in(ByteUnits.BINARY)


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits until someone has finished turning a slider waits less: nobody turns one by hand here."""
    monkeypatch.setattr("ui.session.answering.REST_MS", 5)
    monkeypatch.setattr("ui.session.choosing.REST_MS", 10)
    monkeypatch.setattr("ui.session.watching.REST_MS", 5)


@pytest.fixture(autouse=True)
def _nothing_left(qapp: QApplication) -> Iterator[None]:
    yield
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and not widget.parent():
            pytest.fail(f"a top-level widget was left open: {widget!r}")
    deliver_deletes()
    gc.collect()
    deliver_deletes()
    left = [widget for widget in QApplication.topLevelWidgets() if not _is_of_qt(widget)]
    assert left == [], "top-level widgets were left behind"
    things = [
        thing for thing in gc.get_objects() if isinstance(thing, (QTimer, QThreadPool)) and isValid(thing)
    ]
    running = [thing for thing in things if isinstance(thing, QTimer) and thing.isActive()]
    busy = [thing for thing in things if isinstance(thing, QThreadPool) and thing.activeThreadCount()]
    assert running == [], f"timers were left running: {[timer.parent() for timer in running]}"
    assert busy == [], "work was left running"


@pytest.fixture(params=[Theme.LIGHT, Theme.DARK])
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Theme:
    """Both palettes, one after the other."""
    apply_theme(qapp, request.param)
    return request.param


@pytest.fixture
def domain() -> FakeDomain:
    return FakeDomain()


@pytest.fixture
def session(domain: FakeDomain, qtbot: QtBot) -> Iterator[Session]:
    """A session on the hand-made domain, not started yet."""
    made = Session(domain.as_answers(), Tasks())
    yield made
    assert made.close(), "the session's work could not be stopped"


@pytest.fixture
def settled(qtbot: QtBot) -> Callable[[Session], None]:
    """Wait until a session has nothing left to do."""

    def wait(session: Session) -> None:
        qtbot.waitUntil(lambda: session.is_settled, timeout=20_000)

    return wait


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(tmp_path / "window.ini")


@pytest.fixture
def window(session: Session, preferences: Preferences, qtbot: QtBot) -> MainWindow:
    """The whole window, shown."""
    made = MainWindow(session, preferences)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def answered(window: MainWindow, session: Session, settled: Callable[[Session], None]) -> MainWindow:
    """The window with a model whose answer is there."""
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


def deliver_deletes() -> None:
    """`deleteLater` is not delivered by processing events: it needs asking for."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def _is_of_qt(widget: QWidget) -> bool:
    """Tooltips and the desktop are Qt's own, made once and kept."""
    return widget.metaObject().className() in {"QTipLabel", "QDesktopWidget"}
