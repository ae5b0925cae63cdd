"""The window: it puts header, sidebar and page together, and gives the actions their meaning."""

from __future__ import annotations

from pathlib import Path

from advisor import __version__
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QWhatsThisClickedEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.compare.compare_page import ComparePage
from ui.computer.computer_page import ComputerPage
from ui.export.export_dialog import ExportDialog
from ui.learn.dock import LearnDock
from ui.model.model_page import ModelPage
from ui.prompt.prompt_dialog import PromptDialog
from ui.proof.words import promise_words
from ui.session.doctor import diagnostics_of
from ui.session.event_log import EventLog
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.settings.settings_dialog import SettingsDialog
from ui.theme import Theme, apply_theme
from ui.welcome.welcome import Welcome
from ui.widgets.labels import verbatim
from ui.window.actions import Actions
from ui.window.drop_target import DropTarget
from ui.window.header import Header
from ui.window.log_dock import LogDock
from ui.window.sidebar import Sidebar
from ui.window.status_line import StatusLine


class MainWindow(QMainWindow):
    """Context Advisor's window."""

    def __init__(self, session: Session, preferences: Preferences) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self.setWindowTitle("Context Advisor")
        self.actions_ = Actions(self)
        self.header = Header(session, self.actions_.open)
        self.sidebar = Sidebar(
            session, self.actions_.close_model, self.actions_.models, self.actions_.computer
        )
        self.page = ModelPage(
            session,
            self.actions_.look_again,
            self.actions_.computer,
            [self.actions_.prove, self.actions_.export],
        )
        self.welcome = Welcome(session, self.actions_.open, self.actions_.computer)
        self.computer = ComputerPage(session, self.actions_.look_again)
        self.compare = ComparePage(session)
        self.status = StatusLine(session)
        self.setStatusBar(self.status)
        self.learn = LearnDock(session)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.learn)
        self.learn.hide()
        self.events = EventLog(session, self)
        self.log = LogDock(self.events, self.actions_.diagnostics)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.log)
        self.log.hide()
        self.drops = DropTarget(self, self._open_dropped)
        self._arrange()
        self._connect()
        self._fill_menus()
        self._restore()
        self._show_current()

    def open_paths(self, paths: list[Path]) -> None:
        """The one way in: dialog, drop, recent list, command line."""
        if not paths:
            return
        for path in reversed(paths):
            self._preferences.add_recent(path.absolute())
        self._preferences.last_folder = paths[0].absolute().parent
        self._session.open_paths(paths)
        self._show_current()
        if len(paths) > 1:
            self.status.say(self.tr("Opened {n} models, showing the first").format(n=len(paths)))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.geometry = self.saveGeometry()
        self._preferences.save()
        self.hide()  # at once: ending the engine's process may take a moment
        self._session.close()
        super().closeEvent(event)

    # --- construction

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.setHandleWidth(1)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(self.sidebar)
        self._body.addWidget(self.page)
        self._body.setStretchFactor(0, 0)
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([em * 17, em * 60])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._body)
        self._stack.addWidget(self.computer)
        self._stack.addWidget(self.compare)
        central = QWidget()
        whole = QVBoxLayout(central)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addWidget(self._stack, 1)
        self.setCentralWidget(central)
        self.resize(em * 84, em * 62)

    def _connect(self) -> None:
        actions = self.actions_
        actions.open.triggered.connect(self._choose_files)
        actions.close_model.triggered.connect(self._close_model)
        actions.look_again.triggered.connect(self._session.look_again)
        actions.computer.triggered.connect(self._toggle_computer)
        self.computer.left.connect(self._show_current)
        self.compare.left.connect(self._show_current)
        actions.compare.triggered.connect(self._toggle_compare)
        actions.quit.triggered.connect(self.close)
        actions.about.triggered.connect(self._about)
        actions.settings.triggered.connect(self._settings)
        actions.prompt.triggered.connect(self._prompt)
        self._session.prompt_wanted.connect(self._prompt)
        actions.learn.triggered.connect(self._toggle_learn)
        actions.log.toggled.connect(self.log.setVisible)
        self.log.visibilityChanged.connect(lambda _visible: self._mark_docks())
        actions.diagnostics.triggered.connect(self._copy_diagnostics)
        self.sidebar.compare.connect(self._compare_with)
        self.learn.visibilityChanged.connect(lambda _visible: self._mark_docks())
        actions.models.triggered.connect(self._toggle_welcome)
        self.welcome.library.opened.connect(lambda path: self.open_paths([path]))
        actions.prove.triggered.connect(self._prove)
        actions.export.triggered.connect(self._export)
        actions.clear_recent.triggered.connect(self._preferences.clear_recent)
        actions.theme(self._preferences.theme).setChecked(True)
        actions.themes.triggered.connect(lambda action: self._set_theme(Theme(action.data())))
        self._session.current_changed.connect(self._show_current)
        QGuiApplication.instance().applicationStateChanged.connect(self._application_state_changed)
        self._session.model_changed.connect(self._model_changed)
        self._session.engine_changed.connect(self._allow_proof)
        self._session.proof_changed.connect(lambda _model: self._allow_proof())
        self._session.wishes_changed.connect(self._remember_wishes)

    def _fill_menus(self) -> None:
        actions = self.actions_
        file = self.menuBar().addMenu(self.tr("&File"))
        file.addAction(actions.open)
        self.recent_menu = file.addMenu(self.tr("Open &recent"))
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        file.addAction(actions.models)
        file.addAction(actions.prove)
        file.addAction(actions.export)
        file.addAction(actions.close_model)
        file.addSeparator()
        file.addAction(actions.look_again)
        file.addSeparator()
        file.addAction(actions.settings)
        file.addSeparator()
        file.addAction(actions.quit)
        view = self.menuBar().addMenu(self.tr("&View"))
        view.addAction(actions.computer)
        view.addAction(actions.compare)
        view.addAction(actions.prompt)
        view.addSeparator()
        themes: QMenu = view.addMenu(self.tr("&Theme"))
        themes.addActions(actions.themes.actions())
        help_menu = self.menuBar().addMenu(self.tr("&Help"))
        help_menu.addAction(actions.learn)
        help_menu.addAction(actions.log)
        help_menu.addAction(actions.diagnostics)
        help_menu.addSeparator()
        help_menu.addAction(actions.about)

    def _restore(self) -> None:
        geometry = self._preferences.geometry
        if geometry is not None:
            self.restoreGeometry(geometry)
        elif screen := QGuiApplication.primaryScreen():
            self.resize(self.size().boundedTo(screen.availableSize()))

    # --- what happens

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._title()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QWhatsThisClickedEvent):  # a "?" somewhere inside
            self.learn.explain(event.href())
            return True
        return super().event(event)

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

    def _show_current(self) -> None:
        has_model = self._session.current is not None
        self._stack.setCurrentWidget(self._body if has_model else self.welcome)
        self.actions_.close_model.setEnabled(has_model)
        self._model_changed(self._session.current)

    def _model_changed(self, _model: OpenModel | None) -> None:
        self._title()
        current = self._session.current
        self.actions_.export.setEnabled(current is not None and current.plan is not None)
        self._allow_proof()

    def _prove(self) -> None:
        self._session.prove()
        self.page.lead_to_proof()

    def _allow_proof(self) -> None:
        obstacle = self._session.obstacle
        prove, hardware = self.actions_.prove, self._session.hardware
        prove.setEnabled(not obstacle)
        problem = self._session.engine.problem
        if obstacle and problem and problem.message == obstacle:
            obstacle = f"{obstacle} {problem.hint}"
        prove.setToolTip(verbatim(obstacle) or promise_words(hardware.ram.usable_bytes if hardware else 0))

    def _export(self) -> None:
        dialog = ExportDialog(self._session, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _settings(self) -> None:
        """Not modal: the page answers while settings are turned. There is one at a time."""
        there = self.findChild(SettingsDialog)
        _bring(there or SettingsDialog(self._session, self._preferences, self._set_theme, self))

    def _prompt(self) -> None:
        _bring(self.findChild(PromptDialog) or PromptDialog(self._session, self))

    def _toggle_welcome(self) -> None:
        """The first screen with the models on this computer, and back to the open one."""
        if self._stack.currentWidget() is self.welcome:
            self._show_current()
        else:
            self._stack.setCurrentWidget(self.welcome)
            self.welcome.library.search.setFocus()

    def _toggle_computer(self) -> None:
        if self._stack.currentWidget() is self.computer:
            self._show_current()
        else:
            self._stack.setCurrentWidget(self.computer)

    def _toggle_compare(self) -> None:
        if self._stack.currentWidget() is self.compare:
            self._show_current()
        else:
            self._stack.setCurrentWidget(self.compare)
            if self._session.current:
                self.compare.compare(self._session.current)

    def _compare_with(self, model: OpenModel) -> None:
        self._stack.setCurrentWidget(self.compare)
        self.compare.compare(model)

    def _application_state_changed(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._session.notice_changes()

    def _title(self) -> None:
        model = self._session.current
        self.setWindowTitle(f"{model.name} \u2013 Context Advisor" if model else "Context Advisor")

    def _choose_files(self) -> None:
        folder = self._preferences.last_folder
        names, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Open GGUF"),
            str(folder) if folder else "",
            self.tr("GGUF models (*.gguf);;All files (*)"),
        )
        self.open_paths([Path(name) for name in names])

    def _open_dropped(self, paths: list[Path]) -> None:
        self.open_paths(paths)

    def _close_model(self) -> None:
        if self._session.current:
            self._session.close_model(self._session.current)

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for path in self._preferences.recent_files:
            action = self.recent_menu.addAction(path.name)
            action.setToolTip(verbatim(str(path)))
            action.setEnabled(path.exists())
            action.triggered.connect(lambda _checked=False, path=path: self.open_paths([path]))
        if self._preferences.recent_files:
            self.recent_menu.addSeparator()
            self.recent_menu.addAction(self.actions_.clear_recent)
        else:
            self.recent_menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _set_theme(self, theme: Theme) -> None:
        self._preferences.theme = theme
        self.actions_.theme(theme).setChecked(True)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)

    def _remember_wishes(self) -> None:
        self._preferences.goal = self._session.goal.name
        self._preferences.runtime = self._session.remembered_runtime
        self._preferences.reserve = self._session.reserve

    def _about(self) -> None:
        QMessageBox.about(
            self,
            self.tr("About Context Advisor"),
            self.tr(
                "<b>Context Advisor {version}</b><p>How much context a GGUF model can hold on this computer, "
                "before you press load.</p>"
            ).format(version=__version__),
        )


def _bring(dialog: QDialog) -> None:
    """Show a dialog that is in nobody's way, in front."""
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
