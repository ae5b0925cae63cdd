"""The models on this computer, to be searched and opened."""

from __future__ import annotations

from advisor.library.installed import InstalledModel
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QPushButton, QWidget

from ui.session.library import Library
from ui.welcome.library_list import INSTALLED_ROLE, LibraryList, LibrarySearch
from ui.widgets.card import TitledCard
from ui.widgets.labels import SMALL, muted_label
from ui.widgets.row_list import RowList


class LibraryPanel(TitledCard):
    """A search field over the list. Click or Enter opens a model."""

    opened = Signal(object)  # Path

    def __init__(self, library: Library, folders: QAction, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("On this computer"), parent=parent)
        self._library = library
        self.list = LibraryList(library, self)
        self.shown = LibrarySearch(self.list, self)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Search the models on this computer"))
        self.view = RowList(self.tr("Models on this computer"))
        self.view.setModel(self.shown)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setMinimumHeight(self.fontMetrics().height() * 12)
        self.state = muted_label(size=SMALL, wraps=True)
        self.body.addWidget(self.search)
        self.body.addWidget(self.view, 1)
        self.add_folder = QPushButton(folders.iconText())
        self.add_folder.setToolTip(folders.toolTip())
        self.add_folder.clicked.connect(folders.trigger)
        self.body.addWidget(self.state)
        self.body.addWidget(self.add_folder, 0, Qt.AlignmentFlag.AlignLeading)
        self.body.addStretch(0)
        self.search.textChanged.connect(self.shown.search)
        self.search.textChanged.connect(self._refresh)
        self.view.clicked.connect(self._open)
        self.view.activated.connect(self._open)
        library.found.connect(self._refresh)
        library.is_no_model.connect(self._refresh)
        self._refresh()

    def _open(self, index: QModelIndex) -> None:
        model: InstalledModel | None = index.data(INSTALLED_ROLE)
        if model and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.opened.emit(model.path)

    def _refresh(self) -> None:
        library, n = self._library, len(self._library.models)
        self.search.setPlaceholderText(self.tr("Search {n} models").format(n=f"{n:,}"))
        for widget in (self.search, self.view):
            widget.setVisible(n > 0)
        self.add_folder.setVisible(not n and not library.is_looking)
        if library.is_looking and not n:
            words = self.tr("Looking for models in the folders of Ollama, LM Studio and others\u2026")
        elif not n:
            words = self.tr(
                "No models were found in the folders of Ollama, LM Studio, llama.cpp, Hugging Face, Jan and "
                "others. If yours lie elsewhere, say where."
            )
        elif not self.shown.rowCount():
            words = self.tr("No name holds these words.")
        else:
            words = self.tr("Largest safe context by formula: f16 KV cache, all layers on the GPU")
        self.state.setText("\n".join([words, *library.trouble]))
