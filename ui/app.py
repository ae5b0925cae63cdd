"""Starts the window: the application's name and style, what happens to bugs, the files to open."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from advisor import __version__
from advisor.errors import UsageError
from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication

from ui.crash import CrashReporter
from ui.portrait import VARIABLE as PICTURE
from ui.portrait import Portrait
from ui.session.answers import Answers
from ui.session.garbage import Garbage
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.tasks import Tasks
from ui.theme import apply_theme
from ui.window.main_window import MainWindow

DESKTOP_FILE = "io.github.context_advisor.ContextAdvisor"
Visit = Callable[[MainWindow, Session], object]
# Headers are parsed and contexts searched beside the window: its thread gets the interpreter back this soon.
_SWITCH_SECONDS = 0.001
_DRAWN_MS = 50  # by then the first picture of the window is there
ICON = Path(__file__).with_name("icon.svg")


def main(argv: Sequence[str] | None = None, visit: Visit | None = None) -> int:
    """Open the window with the files named in `argv` (the program's own name first). The exit code.

    `visit` is called once the window is there: how the whole program is looked at and tested.
    """
    words = list(sys.argv if argv is None else argv)
    if _has_no_display():
        sys.stderr.write(
            "There is no display to open a window on.\n"
            "Use the command line instead: context-advisor recommend FILE\n"
        )
        return UsageError.exit_code
    sys.setswitchinterval(_SWITCH_SECONDS)
    app = make_application(words[:1])
    reporter = CrashReporter(app)
    reporter.install()
    interrupt = _Interrupt(app)
    preferences = Preferences(parent=app)
    apply_theme(app, preferences.theme)
    app.styleHints().colorSchemeChanged.connect(lambda _scheme: apply_theme(app, preferences.theme))
    tasks = Tasks(app)
    garbage = Garbage(tasks, app)
    session = Session(Answers(), tasks, app)
    session.wanted.set_goal(preferences.goal)
    session.wanted.set_runtime(preferences.runtime)
    session.wanted.set_reserve(preferences.reserve)
    session.computer.use_engine(preferences.engine)
    session.library.use_folders(preferences.model_folders)
    session.accompanying.remembered = preferences.companions
    for trouble in preferences.troubles:
        session.troubles.say(trouble.code, trouble)
    window = MainWindow(session, preferences)
    if sys.platform == "darwin":
        app.installEventFilter(_FileOpener(window.open_paths, app))
    window.show()
    window.open_paths([Path(word) for word in words[1:]])
    QTimer.singleShot(0, session.start)  # the window first
    QTimer.singleShot(_DRAWN_MS, window.pages.prepare)
    if picture := os.environ.get(PICTURE):
        QTimer.singleShot(0, lambda: Portrait(window, session, Path(picture)))
    if visit:
        QTimer.singleShot(0, lambda: visit(window, session))
    try:
        return app.exec()
    finally:
        session.close()
        garbage.close()
        interrupt.close()
        reporter.uninstall()


def make_application(argv: Sequence[str]) -> QApplication:
    """The application with its names and style."""
    app = QApplication(list(argv) or ["context-advisor"])
    app.setApplicationName("Context Advisor")
    app.setApplicationDisplayName("Context Advisor")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName(DESKTOP_FILE)
    app.setWindowIcon(QIcon(str(ICON)))
    if sys.platform != "darwin":
        app.setStyle("Fusion")
    return app


def _has_no_display() -> bool:
    """Qt would abort the process without one. A platform that was named on purpose may need none."""
    known = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform == "linux" and not any(os.environ.get(name) for name in known)


class _Interrupt(QObject):
    """Ctrl+C in the terminal closes the window: Python runs its handler only when something wakes Qt up."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ours, theirs = socket.socketpair()
        for end in (self._ours, theirs):
            end.setblocking(False)
        self._theirs = theirs
        self._before = signal.signal(signal.SIGINT, lambda _number, _frame: app.quit())
        self._wakeup_before = signal.set_wakeup_fd(theirs.fileno())
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda *_: self._ours.recv(64))

    def close(self) -> None:
        """Give the signal back to whoever had it."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup_before)
        signal.signal(signal.SIGINT, self._before)
        self._ours.close()
        self._theirs.close()


class _FileOpener(QObject):
    """macOS hands a double-clicked file over as an event."""

    def __init__(self, opened: Callable[[list[Path]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._opened = opened

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self._opened([Path(event.file())])
            return True
        return super().eventFilter(watched, event)
