"""The export: the shown settings in each runtime's own words, to be copied or saved."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import AdvisorError, OutputError
from advisor.export.choices import FLAVOURS, SHELLS
from advisor.export.export import Export
from advisor.export.prepare import Prepared
from advisor.export.registry import RENDERERS
from advisor.export.writing import write_export
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from ui.export.export_text import ExportText, fixed_font
from ui.session.session import Session
from ui.session.state import ExportWish
from ui.theme import Tone
from ui.widgets.card import clear_layout
from ui.widgets.command_field import CommandField, CopyButton
from ui.widgets.fields import choice_box
from ui.widgets.labels import SMALL, ToneLabel, label, muted_label, scaled, verbatim
from ui.widgets.notes_panel import bullet
from ui.widgets.notice import Notice
from ui.wording import flavour_words, shell_words, target_words, verdict_words


class ExportDialog(QDialog):
    """One runtime at a time. What is shown is asked in the background, by formula."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._export: Export | None = None
        self._asked = 0
        self.setWindowTitle(self.tr("Export"))
        em = self.fontMetrics().height()
        self.resize(em * 52, em * 46)
        self.runtimes = _choices(self.tr("For"), [(target_words(it), it) for it in RENDERERS])
        self.flavour = _choices(self.tr("Flavour"), [(flavour_words(it), it) for it in FLAVOURS])
        self.shell = _choices(self.tr("Shell"), [(shell_words(it), it) for it in SHELLS])
        self.error = Notice(Tone.BAD)
        self.verdict = ToneLabel("", Tone.CAUTION)
        self.verdict.setWordWrap(True)
        self.files = QTabBar()
        self.files.setAccessibleName(self.tr("File"))
        self.files.setExpanding(False)
        self.files.setDrawBase(False)
        self.text = ExportText()
        self.copy = CopyButton(self.tr("Copy text"))
        self.save = QPushButton(self.tr("Save as\u2026"))
        self.close_button = QPushButton(self.tr("Close"))
        self.saved = muted_label(size=SMALL)
        self._more = QVBoxLayout()
        self._arrange()
        own = session.asked.runtime if session.asked else session.runtime
        self.runtimes.setCurrentIndex(max(0, list(RENDERERS).index(own) if own in RENDERERS else 0))
        self.runtimes.currentIndexChanged.connect(self._ask)
        self.flavour.currentIndexChanged.connect(self._ask)
        self.shell.currentIndexChanged.connect(self._ask)
        self.files.currentChanged.connect(self._show_file)
        self.save.clicked.connect(self._save)
        self.close_button.clicked.connect(self.reject)
        self._ask()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        how = QHBoxLayout()
        how.setSpacing(round(em * 0.6))
        for words, box in (
            (self.tr("F&or"), self.runtimes),
            (self.tr("&Flavour"), self.flavour),
            (self.tr("&Shell"), self.shell),
        ):
            caption = QLabel(words)
            caption.setBuddy(box)
            how.addWidget(caption)
            how.addWidget(box)
            how.addSpacing(em)
        how.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.saved, 1)
        for button in (self.copy, self.save, self.close_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        more = QWidget()
        self._more.setSpacing(round(em * 0.5))
        outer = QVBoxLayout(more)
        outer.setContentsMargins(0, 0, round(em * 0.5), 0)
        outer.addLayout(self._more)
        outer.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(more)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(em, em, em, em)
        whole.setSpacing(round(em * 0.7))
        whole.addLayout(how)
        whole.addWidget(self.error)
        whole.addWidget(self.verdict)
        whole.addWidget(self.files)
        whole.addWidget(self.text, 1)
        whole.addWidget(scroll, 1)
        whole.addLayout(buttons)

    # --- asking

    @property
    def wish(self) -> ExportWish:
        return ExportWish(self.runtimes.currentData(), self.flavour.currentData(), self.shell.currentData())

    def _ask(self) -> None:
        self._asked += 1
        asked = self._asked
        self.saved.setText("")

        def prepared(made: Prepared) -> None:
            if asked == self._asked:
                self._show(made)

        def failed(error: AdvisorError) -> None:
            if asked == self._asked:
                self._show_error(error)

        self._session.export(self.wish, prepared, failed)

    def done(self, result: int) -> None:
        self._asked += 1  # whatever is still answered comes too late
        super().done(result)

    def _show_error(self, error: AdvisorError) -> None:
        self._export = None
        self.error.show_text(error.message, error.hint)
        self._show_parts(None)

    def _show(self, made: Prepared) -> None:
        self._export = made.export
        self.error.show_text("")
        self._show_parts(made)

    def _show_parts(self, made: Prepared | None) -> None:
        export = made.export if made else None
        names = [file.name for file in export.files] if export else []
        if names != [self.files.tabText(i) for i in range(self.files.count())]:
            while self.files.count():
                self.files.removeTab(0)
            for name in names:
                self.files.addTab(name)
        self.files.setVisible(bool(names))
        for widget in (self.text, self.copy, self.save):
            widget.setEnabled(export is not None)
        fits = made is None or made.plan.fits
        words = "" if fits else verdict_words(made.plan.verdict)
        self.verdict.setText(self.tr("Loaded so by this runtime: {verdict}.").format(verdict=words))
        self.verdict.setVisible(not fits)
        clear_layout(self._more)
        if export:
            self._fill_more(export)
        self._show_file()

    def _fill_more(self, export: Export) -> None:
        if export.cannot_express:
            self._heading(self.tr("What this runtime cannot express"))
            for setting, why in export.cannot_express:
                self._more.addLayout(bullet(f"{setting}: {why}", is_quiet=False))
        if export.notes:
            self._heading(self.tr("Where it goes, and what to know"))
            for note in export.notes:
                self._more.addLayout(bullet(note, is_quiet=False))
        if export.commands:
            self._heading(self.tr("Commands"))
            for command in export.commands:
                self._more.addWidget(CommandField(command, self.tr("use it")))
        if export.environment:
            lines = "\n".join(f"{name}={value}" for name, value in export.environment.items())
            head = QHBoxLayout()
            head.addWidget(label(self.tr("Environment of the program that loads it"), bold=True), 1)
            copy = CopyButton(self.tr("Copy"), lines)
            copy.setAccessibleName(self.tr("Copy the environment"))
            head.addWidget(copy)
            self._more.addLayout(head)
            environment = label(lines, size=SMALL, wraps=True)
            environment.setFont(scaled(fixed_font(self.font()), SMALL))
            self._more.addWidget(environment)
        checked = self.tr("Checked with: {how}").format(how=export.verified_with)
        self._more.addWidget(muted_label(checked, size=SMALL, wraps=True))

    def _heading(self, words: str) -> None:
        self._more.addWidget(label(words, bold=True))

    def _show_file(self) -> None:
        index = self.files.currentIndex()
        file = self._export.files[index] if self._export and index >= 0 else None
        self.text.show_text(file.text if file else "", file.name if file else "")
        self.copy.set_text(file.text if file else "")

    # --- saving

    def _save(self) -> None:
        if self._export is None:
            return
        file = self._export.files[max(0, self.files.currentIndex())]
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save as"),
            file.name,
            options=QFileDialog.Option.DontConfirmOverwrite,  # we ask ourselves, in every platform's dialog
        )
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, place: Path) -> None:
        """Write the shown file there; over one that is there only after a yes."""
        if self._export is None:
            return
        shown = self._export.files[max(0, self.files.currentIndex())]
        alone = Export(runtime=self._export.runtime, files=(shown,), verified_with=self._export.verified_with)
        try:
            try:
                write_export(alone, place)
            except OutputError as error:
                if error.code != "already-there" or not self._may_replace(place):
                    raise
                write_export(alone, place, force=True)
        except OutputError as error:
            if error.code != "already-there":
                self.error.show_text(error.message, error.hint)
            return
        self.saved.setText(self.tr("Saved as {place}").format(place=place))

    def _may_replace(self, place: Path) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Replace the file?"),
            verbatim(self.tr("{name} is already there. Replace it?").format(name=place.name)),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes


def _choices(name: str, entries: list[tuple[str, str]]) -> QComboBox:
    made = choice_box(name)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    for words, value in entries:
        made.addItem(words, value)
    return made
