"""The window: it puts header, pages, docks and status together, and gives the actions their meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advisor.library.company import is_projector
from advisor.units import spell_bytes_in
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QWhatsThisClickedEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from ui.learn.dock import LearnDock
from ui.proof.words import promise_words
from ui.session.doctor import diagnostics_of
from ui.session.event_log import EventLog
from ui.session.preferences import MOST_RECENT, Preferences
from ui.session.session import Session
from ui.theme import Theme, apply_theme
from ui.welcome.troubles_bar import TroublesBar
from ui.widgets.labels import verbatim
from ui.window.actions import Actions
from ui.window.dialogs import Dialogs
from ui.window.drop_target import DropTarget
from ui.window.drops import folders_and_files
from ui.window.header import Header
from ui.window.log_dock import LogDock
from ui.window.menus import RecentMenu, fill_menu_bar
from ui.window.pages import Pages
from ui.window.status_line import StatusLine

if TYPE_CHECKING:  # the pages are read when they are first wanted
    from ui.compare.compare_page import ComparePage
    from ui.computer.computer_page import ComputerPage
    from ui.model.model_page import ModelPage
    from ui.window.sidebar import Sidebar


class MainWindow(QMainWindow):
    """Context Advisor's window."""

    def __init__(self, session: Session, preferences: Preferences) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        spell_bytes_in(preferences.units)  # before anything is said
        self.actions_ = Actions(self)
        self.header = Header(session, self.actions_.open)
        self.troubles = TroublesBar(session.troubles)
        self.pages = Pages(session, self.actions_)
        self.welcome = self.pages.welcome
        self.status = StatusLine(session)
        self.learn = LearnDock(session, preferences)
        self.events = EventLog(session, self)
        self.log = LogDock(self.events, self.actions_.diagnostics)
        self.recent_menu = RecentMenu(preferences, self.actions_, self)
        self.drops = DropTarget(self, self.open_paths)
        self._dialogs = Dialogs(self, session, preferences, self.actions_, self._set_theme)
        fill_menu_bar(self.menuBar(), self.actions_, self.recent_menu)
        self._arrange()
        self._connect()
        self._restore()
        self._show_state()

    @property
    def page(self) -> ModelPage:
        return self.pages.model

    @property
    def sidebar(self) -> Sidebar:
        return self.pages.sidebar

    @property
    def computer(self) -> ComputerPage:
        return self.pages.computer

    @property
    def compare(self) -> ComparePage:
        return self.pages.compare

    def open_paths(self, paths: list[Path]) -> None:
        """The one way in: dialog, drop, recent list, command line. A folder is looked into for models."""
        folders, files = folders_and_files(path.absolute() for path in paths)
        self._add_folders(folders)
        if not files:
            return
        for path in reversed(files[:MOST_RECENT]):
            self._preferences.add_recent(path)
        self._preferences.last_folder = files[0].parent
        self._session.open_paths(files)
        self.pages.show_current()
        n_models = sum(not is_projector(path) for path in files)
        if n_models > 1:
            self.status.say(self.tr("Opened {n} models, showing the first").format(n=f"{n_models:,}"))

    def _add_folders(self, folders: list[Path]) -> None:
        """From now on their models are among those on this computer."""
        if folders:
            library = self._session.library
            library.use_folders((*library.folders, *folders))
            self._preferences.model_folders = library.folders
            self.pages.setCurrentWidget(self.welcome)
            self.status.say(self.tr("Looking for models in {name}").format(name=folders[0].name))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.geometry = self.saveGeometry()
        self._preferences.docks = self.saveState()
        self._preferences.save()
        self.hide()  # at once: ending the engine's process may take a moment
        self._session.close()
        super().closeEvent(event)

    # --- construction

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        central = QWidget()
        whole = QVBoxLayout(central)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addWidget(self.troubles)
        whole.addWidget(self.pages, 1)
        self.setCentralWidget(central)
        self.setStatusBar(self.status)
        for area, dock in (
            (Qt.DockWidgetArea.RightDockWidgetArea, self.learn),
            (Qt.DockWidgetArea.BottomDockWidgetArea, self.log),
        ):
            self.addDockWidget(area, dock)
            dock.hide()
        self.resize(em * 84, em * 62)

    def _connect(self) -> None:
        actions, session = self.actions_, self._session
        actions.open.triggered.connect(lambda: self.open_paths(self._dialogs.files()))
        self.recent_menu.opened.connect(lambda path: self.open_paths([path]))
        self.pages.opened.connect(lambda path: self.open_paths([path]))
        actions.close_model.triggered.connect(self._close_model)
        actions.look_again.triggered.connect(session.look_again)
        actions.prove.triggered.connect(self._prove)
        actions.quit.triggered.connect(self.close)
        actions.learn.triggered.connect(self._toggle_learn)
        actions.log.toggled.connect(self.log.setVisible)
        for dock in (self.learn, self.log):
            dock.visibilityChanged.connect(lambda _visible: self._mark_docks())
        actions.diagnostics.triggered.connect(self._copy_diagnostics)
        actions.clear_recent.triggered.connect(self._preferences.clear_recent)
        actions.theme(self._preferences.theme).setChecked(True)
        actions.themes.triggered.connect(lambda action: self._set_theme(Theme(action.data())))
        QGuiApplication.instance().applicationStateChanged.connect(self._application_state_changed)
        session.current_changed.connect(self._show_state)
        session.engine_changed.connect(self._show_state)
        session.model_changed.connect(lambda model: model is session.current and self._show_state())
        session.proof_changed.connect(lambda _model: self._show_state())
        session.wishes_changed.connect(self._remember_wishes)
        session.accompanying.remembered_changed.connect(self._remember_companions)
        session.accompanying.refused.connect(lambda model: self.status.say(model.beside.error.message))

    def _restore(self) -> None:
        """As it was left, as far as there is a screen for that."""
        geometry, docks = self._preferences.geometry, self._preferences.docks
        if geometry is not None:
            self.restoreGeometry(geometry)
        elif screen := QGuiApplication.primaryScreen():
            self.resize(self.size().boundedTo(screen.availableSize()))
        if docks is not None:
            self.restoreState(docks)
        self._mark_docks()

    # --- what happens

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show_state()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QWhatsThisClickedEvent):  # a "?" somewhere inside
            self.learn.explain(event.href())
            return True
        return super().event(event)

    def _show_state(self) -> None:
        """The title, and which commands there are something for."""
        model, actions = self._session.current, self.actions_
        self.setWindowTitle(f"{model.name} \u2013 Context Advisor" if model else "Context Advisor")
        actions.close_model.setEnabled(model is not None)
        actions.export.setEnabled(model is not None and model.plan is not None)
        self._allow_proof()

    def _allow_proof(self) -> None:
        obstacle = self._session.obstacle
        prove, hardware = self.actions_.prove, self._session.hardware
        prove.setEnabled(not obstacle)
        problem = self._session.engine.problem
        if obstacle and problem and problem.message == obstacle:
            obstacle = f"{obstacle} {problem.hint}"
        prove.setToolTip(verbatim(obstacle) or promise_words(hardware.ram.usable_bytes if hardware else 0))

    def _prove(self) -> None:
        self._session.prove()
        self.page.lead_to_proof()

    def _close_model(self) -> None:
        if self._session.current:
            self._session.close_model(self._session.current)

    def _toggle_learn(self, wanted: bool) -> None:
        if wanted:
            self.learn.show()
            self.learn.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.learn.close()

    def _mark_docks(self) -> None:
        self.actions_.learn.setChecked(not self.learn.isHidden())
        self.actions_.log.setChecked(not self.log.isHidden())

    def _copy_diagnostics(self) -> None:
        QGuiApplication.clipboard().setText(diagnostics_of(self._session, self.events.text()))
        self.status.say(self.tr("The diagnostics are on the clipboard"))

    def _application_state_changed(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._session.notice_changes()

    def _set_theme(self, theme: Theme) -> None:
        self._preferences.theme = theme
        self.actions_.theme(theme).setChecked(True)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)

    def _remember_wishes(self) -> None:
        self._preferences.goal = self._session.wanted.remembered_goal
        self._preferences.runtime = self._session.wanted.remembered_runtime
        self._preferences.reserve = self._session.wanted.reserve

    def _remember_companions(self) -> None:
        self._preferences.companions = self._session.accompanying.remembered
