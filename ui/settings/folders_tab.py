"""Settings, Model folders: where else models lie, beside the folders of the runtimes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.widgets.card import TitledCard
from ui.widgets.hinted_list import HintedList
from ui.widgets.labels import SMALL, muted_label


class FoldersTab(QWidget):
    """The user's own folders. Those of Ollama, LM Studio and others are looked into anyway."""

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        em = self.fontMetrics().height()
        self.list = HintedList(self.tr("No folders of your own yet"))
        self.list.setAccessibleName(self.tr("Folders with models"))
        self.add = QPushButton(self.tr("&Add a folder\u2026"))
        self.remove = QPushButton(self.tr("&Remove"))
        for button in (self.add, self.remove):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        self.trouble = muted_label(size=SMALL, wraps=True)
        card = TitledCard(self.tr("Folders of your own"))
        card.body.addWidget(
            muted_label(
                self.tr(
                    "The models of Ollama, LM Studio and other programs are found without being listed here."
                ),
                size=SMALL,
                wraps=True,
            )
        )
        card.body.addWidget(self.list, 1)
        card.body.addLayout(buttons)
        card.body.addWidget(self.trouble)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.addWidget(card)
        self.add.clicked.connect(self._browse)
        self.remove.clicked.connect(self._remove)
        self.list.currentRowChanged.connect(lambda row: self.remove.setEnabled(row >= 0))
        session.library.found.connect(self._show_trouble)
        self._show()

    def add_folder(self, folder: Path) -> None:
        self._set((*self._session.library.folders, folder.absolute()))

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder with models"))
        if chosen:
            self.add_folder(Path(chosen))

    def _remove(self) -> None:
        row = self.list.currentRow()
        folders = self._session.library.folders
        self._set((*folders[:row], *folders[row + 1 :]))

    def _set(self, folders: tuple[Path, ...]) -> None:
        self._session.library.use_folders(folders)
        self._preferences.model_folders = self._session.library.folders
        self._show()

    def _show(self) -> None:
        self.list.clear()
        for folder in self._session.library.folders:
            self.list.addItem(str(folder))
        self.remove.setEnabled(False)
        self._show_trouble()

    def _show_trouble(self) -> None:
        """What could not be looked into, of any folder: said here, where it can be changed."""
        self.trouble.setText("\n".join(self._session.library.trouble))
        self.trouble.setVisible(bool(self.trouble.text()))
