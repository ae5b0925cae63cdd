"""The windows beside the window: export, settings, the prompt, files to open, and what this program is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor import __version__
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMainWindow, QMessageBox

from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme
from ui.window.actions import Actions

if TYPE_CHECKING:
    from ui.settings.settings_dialog import SettingsDialog


class Dialogs(QObject):
    """Each opens over the window that it belongs to, and is read then: the window is there sooner."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        preferences: Preferences,
        actions: Actions,
        set_theme: Callable[[Theme], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._preferences = preferences
        self._set_theme = set_theme
        actions.export.triggered.connect(self._export)
        actions.settings.triggered.connect(self._settings)
        actions.folders.triggered.connect(self._folders)
        actions.prompt.triggered.connect(self._prompt)
        session.prompt_wanted.connect(self._prompt)
        actions.about.triggered.connect(self._about)

    def files(self) -> list[Path]:
        """The models that the user chooses to open; none where they think better of it."""
        folder = self._preferences.last_folder
        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Open GGUF"),
            str(folder) if folder else "",
            self.tr("GGUF models (*.gguf);;All files (*)"),
        )
        return [Path(name) for name in names]

    def _export(self) -> None:
        from ui.export.export_dialog import ExportDialog

        dialog = ExportDialog(self._session, self._preferences, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _settings(self) -> None:
        _bring(self._settings_dialog())

    def _folders(self) -> None:
        dialog = self._settings_dialog()
        dialog.tabs.setCurrentWidget(dialog.folders)
        _bring(dialog)
        dialog.folders.add.setFocus()

    def _settings_dialog(self) -> SettingsDialog:
        """Not modal: the page answers while settings are turned. There is one at a time."""
        from ui.settings.settings_dialog import SettingsDialog

        there: SettingsDialog | None = self._window.findChild(SettingsDialog)
        return there or SettingsDialog(self._session, self._preferences, self._set_theme, self._window)

    def _prompt(self) -> None:
        from ui.prompt.prompt_dialog import PromptDialog

        _bring(self._window.findChild(PromptDialog) or PromptDialog(self._session, self._window))

    def _about(self) -> None:
        QMessageBox.about(
            self._window,
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
