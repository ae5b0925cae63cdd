"""Settings: everything that lasts beyond one model. Each change applies at once and is remembered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.settings.engine_tab import EngineTab
from ui.settings.folders_tab import FoldersTab
from ui.settings.general_tab import GeneralTab
from ui.settings.goals_tab import GoalsTab
from ui.theme import Theme


class SettingsDialog(QDialog):
    """Beside the window, not in its way."""

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        set_theme: Callable[[Theme], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        em = self.fontMetrics().height()
        self.general = GeneralTab(session, preferences, set_theme)
        self.goals = GoalsTab(session)
        self.engine = EngineTab(session, preferences)
        self.folders = FoldersTab(session, preferences)
        self.tabs = QTabWidget()
        for tab, words in (
            (self.general, self.tr("&General")),
            (self.goals, self.tr("G&oals")),
            (self.engine, self.tr("&Engine")),
            (self.folders, self.tr("&Model folders")),
        ):
            self.tabs.addTab(tab, words)
        self.tabs.setDocumentMode(True)  # the pages lie on the window itself: cards stand out in both themes
        self.tabs.tabBar().setDrawBase(False)  # after the mode, which draws a line: white in a dark theme
        self.tabs.setAccessibleName(self.tr("Settings"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        for button in buttons.buttons():
            button.setAutoDefault(False)  # Enter belongs to the fields
        column = QVBoxLayout(self)
        column.setSpacing(round(em * 0.7))
        column.addWidget(self.tabs, 1)
        column.addWidget(buttons)
        self.resize(em * 36, em * 25)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
