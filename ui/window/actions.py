"""Every command of the window, in one place, with its shortcut."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from ui.theme import Theme


class Actions(QObject):
    """The actions. Menus, buttons and tests share them; the main window says what they do."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.open = self._action(self.tr("&Open GGUF\u2026"), QKeySequence.StandardKey.Open)
        self.open.setToolTip(self.tr("Open a model file"))
        self.clear_recent = self._action(self.tr("&Clear this list"))
        self.models = self._action(self.tr("&Models here\u2026"), QKeySequence("Ctrl+L"))
        self.models.setToolTip(self.tr("The models that other programs keep on this computer"))
        self.folders = self._action(self.tr("Model &folders\u2026"))
        self.folders.setIconText(self.tr("Add a folder\u2026"))  # on the button where no models were found
        self.folders.setToolTip(self.tr("Where else models lie, beside the folders of other programs"))
        self.prove = self._action(self.tr("&Prove it"), QKeySequence("Ctrl+P"))
        self.prove.setEnabled(False)
        self.export = self._action(self.tr("&Export\u2026"), QKeySequence("Ctrl+E"))
        self.export.setToolTip(self.tr("These settings in the words of Ollama, llama-server and others"))
        self.export.setEnabled(False)
        self.close_model = self._action(self.tr("&Close model"), QKeySequence.StandardKey.Close)
        self.look_again = self._action(self.tr("&Look again"), QKeySequence.StandardKey.Refresh)
        self.look_again.setToolTip(self.tr("Look at this computer, the engine and the file anew"))
        self.computer = self._action(self.tr("This &computer"), QKeySequence("Ctrl+I"))
        self.computer.setIconText(self.tr("Details\u2026"))  # on the buttons beside the computer's lines
        self.computer.setToolTip(
            self.tr("Every memory of this computer, who holds it, and what is kept free")
        )
        self.settings = self._action(self.tr("&Settings\u2026"), QKeySequence.StandardKey.Preferences)
        self.settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.prompt = self._action(self.tr("The &prompt I send\u2026"), QKeySequence("Ctrl+T"))
        self.prompt.setToolTip(self.tr("Count text files, and see whether a context holds them"))
        self.compare = self._action(self.tr("Co&mpare\u2026"), QKeySequence("Ctrl+D"))
        self.compare.setToolTip(self.tr("Two models, or two settings of one, side by side"))
        self.quit = self._action(self.tr("&Quit"), QKeySequence.StandardKey.Quit)
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.learn = self._action(self.tr("&Learn"), QKeySequence.StandardKey.HelpContents)
        self.learn.setCheckable(True)
        self.learn.setToolTip(self.tr("The field's terms in plain words, with this model's own numbers"))
        self.log = self._action(self.tr("L&og"), QKeySequence("Ctrl+Shift+L"))
        self.log.setCheckable(True)
        self.log.setToolTip(self.tr("What the engine was asked, what was found, what went wrong"))
        self.diagnostics = self._action(self.tr("Copy &diagnostics"))
        self.diagnostics.setToolTip(
            self.tr("This computer, the engine and the log, as text for an issue: no user names or folders")
        )
        self.about = self._action(self.tr("&About Context Advisor"))
        self.about.setMenuRole(QAction.MenuRole.AboutRole)

        self.themes = QActionGroup(self)
        for theme, words in (
            (Theme.SYSTEM, self.tr("&System")),
            (Theme.LIGHT, self.tr("&Light")),
            (Theme.DARK, self.tr("&Dark")),
        ):
            action = self._action(words)
            action.setCheckable(True)
            action.setData(theme)
            self.themes.addAction(action)

    def theme(self, theme: Theme) -> QAction:
        return next(action for action in self.themes.actions() if action.data() == theme)

    def _action(self, words: str, key: QKeySequence.StandardKey | QKeySequence | None = None) -> QAction:
        action = QAction(words, self)
        if isinstance(key, QKeySequence):
            action.setShortcut(key)
        elif key is not None:
            # Not every platform has a key for everything: F5 and Ctrl+Q are expected all the same.
            keys = QKeySequence.keyBindings(key) or _FALLBACK_KEYS.get(key, [])
            action.setShortcuts(keys)
        return action


_FALLBACK_KEYS = {
    QKeySequence.StandardKey.Refresh: [QKeySequence("F5")],
    QKeySequence.StandardKey.Quit: [QKeySequence("Ctrl+Q")],
    QKeySequence.StandardKey.Preferences: [QKeySequence("Ctrl+,")],
    QKeySequence.StandardKey.HelpContents: [QKeySequence("F1")],
}
