"""The menu bar: where each command stands, and the files that were opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from ui.session.preferences import Preferences
from ui.widgets.labels import verbatim
from ui.window.actions import Actions

translate = QCoreApplication.translate


class RecentMenu(QMenu):
    """Filled whenever it opens: a disk may have come back meanwhile."""

    opened = Signal(object)  # the chosen path

    def __init__(self, preferences: Preferences, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open &recent"))
        self._preferences = preferences
        self._clear = actions.clear_recent
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        for path in self._preferences.recent_files:
            self._add(path)
        if self._preferences.recent_files:
            self.addSeparator()
            self.addAction(self._clear)
        else:
            self.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _add(self, path: Path) -> None:
        action = self.addAction(path.name)
        action.setToolTip(verbatim(str(path)))
        action.setEnabled(path.exists())
        action.triggered.connect(lambda: self.opened.emit(path))


def fill_menu_bar(bar: QMenuBar, actions: Actions, recent: RecentMenu) -> None:
    """Every command, in the menus where one looks for it. `None` is a line between two."""
    file = bar.addMenu(translate("menus", "&File"))
    file.addAction(actions.open)
    file.addMenu(recent)
    _add(file, actions.models, actions.folders, None)
    _add(file, actions.prove, actions.export, actions.close_model, None)
    _add(file, actions.look_again, None, actions.settings, None, actions.quit)
    view = bar.addMenu(translate("menus", "&View"))
    _add(view, actions.computer, actions.compare, actions.prompt, None)
    view.addMenu(translate("menus", "&Theme")).addActions(actions.themes.actions())
    _add(
        bar.addMenu(translate("menus", "&Help")),
        *(actions.learn, actions.log, actions.diagnostics, None, actions.about),
    )


def _add(menu: QMenu, *entries: QAction | None) -> None:
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        else:
            menu.addAction(entry)
