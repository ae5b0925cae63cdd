"""The texts of an export, a tab a file: read, copied, saved, or written where the program reads it."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import AdvisorError
from advisor.export.export import Export, File
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMessageBox, QPushButton, QTabBar, QWidget

from ui.export.export_text import ExportText
from ui.session.exporting import Exporting
from ui.theme import Tone
from ui.widgets.card import Card
from ui.widgets.command_field import CopyButton
from ui.widgets.labels import SMALL, muted_label, verbatim
from ui.widgets.notice import Notice

_THERE = "already-there"


class FileCard(Card):
    """One export. `apply_wanted` says that it shall be written in place."""

    apply_wanted = Signal()

    def __init__(self, exporting: Exporting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exporting = exporting
        self.setAccessibleName(self.tr("Text"))
        self._export: Export | None = None
        self.files = QTabBar()
        self.files.setAccessibleName(self.tr("File"))
        self.files.setExpanding(False)
        self.files.setDrawBase(False)
        self.text = ExportText()
        self.copy = CopyButton(self.tr("&Copy"))
        self.save = QPushButton(self.tr("&Save as\u2026"))
        self.apply = QPushButton(self.tr("&Apply\u2026"))
        self.apply.setToolTip(
            self.tr("Write it where the program reads it: what would change is shown first")
        )
        self.saved = muted_label(size=SMALL, wraps=True)
        self.error = Notice(Tone.BAD)
        buttons = QHBoxLayout()
        buttons.addWidget(self.saved, 1)
        for button in (self.copy, self.save, self.apply):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.body.addWidget(self.files)
        self.body.addWidget(self.text)
        self.body.addWidget(self.error)
        self.body.addLayout(buttons)
        self.files.currentChanged.connect(self._show_file)
        self.save.clicked.connect(self._save)
        self.apply.clicked.connect(self.apply_wanted)

    def show_export(self, export: Export, *, is_applicable: bool) -> None:
        """The tab stays where the files have the same names."""
        self._export = export
        self.saved.setText("")
        self.error.show_text("")
        self.apply.setVisible(is_applicable)
        names = [file.name.replace("&", "&&") for file in export.files]  # no mnemonics
        if names != [self.files.tabText(i) for i in range(self.files.count())]:
            self.files.blockSignals(True)  # each tab would be shown on the way
            while self.files.count():
                self.files.removeTab(0)
            for name in names:
                self.files.addTab(name)
            self.files.blockSignals(False)
        self._show_file()

    def save_to(self, place: Path, *, force: bool = False) -> None:
        """Write the shown file there; over one that is there only after a yes."""
        export = self._export
        if export is None:
            return
        alone = Export(runtime=export.runtime, files=(self._file(),), verified_with=export.verified_with)

        def written(places: tuple[Path, ...]) -> None:
            if export is self._export:
                self.error.show_text("")
                self.saved.setText(self.tr("Saved as {place}").format(place=places[0]))

        def failed(error: AdvisorError) -> None:
            if export is not self._export:
                return
            if error.code != _THERE:
                self.error.show_text(error.message, error.hint)
            elif self._may_replace(place):
                self.save_to(place, force=True)

        self._exporting.save(alone, place, force=force, on_result=written, on_error=failed)

    def forget(self) -> None:
        """Nothing is shown any more: what is still answered comes too late."""
        self._export = None

    def _file(self) -> File:
        index = max(0, self.files.currentIndex())
        return self._export.files[index] if self._export else File("", "")

    def _show_file(self) -> None:
        file = self._file()
        self.text.show_text(file.text, file.name)
        self.copy.set_text(file.text)
        self.copy.setAccessibleName(self.tr("Copy {name}").format(name=file.name))

    def _save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save as"),
            self._file().name,
            options=QFileDialog.Option.DontConfirmOverwrite,  # we ask ourselves, in every platform's dialog
        )
        if chosen:
            self.save_to(Path(chosen))

    def _may_replace(self, place: Path) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Replace the file?"),
            verbatim(self.tr("{name} is already there. Replace it?").format(name=place.name)),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes
