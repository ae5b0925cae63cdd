"""The export: the shown settings in each program's own words, to be copied, saved or applied."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import AdvisorError
from advisor.export.prepare import Prepared
from advisor.memory.plan import MemoryPlan
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QDir
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.export.apply_dialog import ApplyDialog
from ui.export.beside_panel import BesidePanel
from ui.export.file_card import FileCard
from ui.export.loaded_panel import LoadedPanel
from ui.export.program_list import ProgramList
from ui.export.programs import in_the_window, is_applicable, target_words, what_to_do
from ui.export.scrolling import scrolling_column
from ui.export.variant_bar import VariantBar
from ui.session.exports import Preview, Shown
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Tone
from ui.widgets.labels import LARGE, SMALL, label, muted_label
from ui.widgets.notice import Notice
from ui.widgets.tab_order import order_as_laid_out
from ui.wording import cache_words, layers_words, verdict_words

_NARROW_EMS = 40  # below this width the programs stand above the page
_ANY_SIZE = 16_777_215  # Qt's QWIDGETSIZE_MAX


class ExportDialog(QDialog):
    """Programs at the left, the chosen one's page at the right. All is asked in the background."""

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        self._own = session.asked.runtime if session.asked else session.wanted.runtime
        self._shown: Shown | None = None
        self._asked = 0
        self.setWindowTitle(self.tr("Export"))
        self.programs = ProgramList(self._own)
        self.title = label(size=LARGE, bold=True)
        self.plan_line = muted_label(wraps=True)
        self.variants = VariantBar()
        self.error = Notice(Tone.BAD)
        self.verdict = Notice(Tone.CAUTION)
        self.warning = Notice(Tone.CAUTION)
        self.file = FileCard(session.exporting)
        self.beside = BesidePanel()
        self.loaded = LoadedPanel(session.exporting)
        self.checked = muted_label(size=SMALL, wraps=True)
        self.close_button = QPushButton(self.tr("Close"))
        self.close_button.setAutoDefault(False)
        self._arrange()
        self.programs.choose(self._own)
        self.programs.choose(preferences.export_program(self._own))
        self.programs.program_changed.connect(self._program_chosen)
        self.variants.changed.connect(self._show_variant)
        self.file.apply_wanted.connect(self._apply)
        self.close_button.clicked.connect(self.reject)
        self._ask()
        self.programs.setFocus()

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self.page, column = scrolling_column()
        head = QVBoxLayout()
        head.setSpacing(round(em * 0.15))
        head.addWidget(self.title)
        head.addWidget(self.plan_line)
        column.addLayout(head)
        for widget in (self.variants, self.error, self.verdict, self.warning):
            column.addWidget(widget)
        for widget in (self.file, self.beside, self.loaded, self.checked):
            column.addWidget(widget)
        column.addStretch(1)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(em)
        self._columns.addWidget(self.programs)
        self._columns.addWidget(self.page, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(em, em, em, em)
        whole.setSpacing(round(em * 0.7))
        whole.addLayout(self._columns, 1)
        whole.addLayout(buttons)
        room = self.screen().availableSize()
        self.resize(min(em * 64, room.width()), min(em * 48, round(room.height() * 0.9)))
        self._place_programs(is_narrow=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_programs(is_narrow=event.size().width() < _NARROW_EMS * self.fontMetrics().height())

    def _place_programs(self, *, is_narrow: bool) -> None:
        """A narrow dialog has the programs above the page, some of them at a time."""
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
        self.programs.setMaximumHeight(self.fontMetrics().height() * 8 if is_narrow else _ANY_SIZE)
        self.programs.setMaximumWidth(_ANY_SIZE if is_narrow else self.programs.sizeHint().width())
        self.programs.scrollToItem(self.programs.currentItem())

    # --- asking

    def _program_chosen(self, program: str) -> None:
        self._preferences.set_export_program(self._own, program)
        self.page.verticalScrollBar().setValue(0)
        self._ask()

    def _ask(self) -> None:
        self._asked += 1
        asked = self._asked

        def answered(shown: Shown) -> None:
            if asked == self._asked:
                self._shown = shown
                self.variants.offer(shown)
                self._show_variant()

        def failed(error: AdvisorError) -> None:
            if asked == self._asked:
                self._shown = None
                self._show_error(error)

        self._session.exporting.show(self.programs.program, answered, failed)

    def done(self, result: int) -> None:
        self._asked += 1  # whatever is still answered comes too late
        self.loaded.stop()
        self.file.forget()
        super().done(result)

    # --- what is shown

    @property
    def made(self) -> Prepared | None:
        """The shown variant, None where there is none or it cannot be written down."""
        found = self._shown.variants[self.variants.variant] if self._shown else None
        return found if isinstance(found, Prepared) else None

    def _show_variant(self) -> None:
        if self._shown is None:
            return
        found = self._shown.variants[self.variants.variant]
        if isinstance(found, AdvisorError):
            self._show_error(found)
            return
        program, export = self.programs.program, found.export
        self._head(found.plan)
        self.error.show_text("")
        fits = found.plan.fits
        words = self.tr("Loaded so by this program: {verdict}.").format(
            verdict=verdict_words(found.plan.verdict)
        )
        self.verdict.show_text("" if fits else words)
        self.warning.show_text(self._shown.warning or "")
        self.file.show_export(export, is_applicable=is_applicable(program))
        self.beside.show_export(export)
        self.checked.setText(self.tr("How this text was checked: {how}").format(how=export.verified_with))
        self.loaded.show_program(program, found)
        self._show_parts(are_there=True)
        order_as_laid_out(self)

    def _show_error(self, error: AdvisorError) -> None:
        self._head(None)
        self.error.show_text(in_the_window(error.message), what_to_do(error))
        self.verdict.show_text("")
        self.warning.show_text("")
        self._show_parts(are_there=False)

    def _head(self, plan: MemoryPlan | None) -> None:
        self.title.setText(target_words(self.programs.program))
        self.plan_line.setVisible(plan is not None)
        model = self._session.current
        if plan and model and model.facts:
            words = self.tr("{n} tokens \u00b7 {cache} KV cache \u00b7 {layers} \u00b7 {size}")
            self.plan_line.setText(
                words.format(
                    n=format_tokens(plan.settings.n_ctx),
                    cache=cache_words(plan.settings),
                    layers=layers_words(plan, model.facts),
                    size=format_bytes(plan.total_bytes),
                )
            )

    def _show_parts(self, *, are_there: bool) -> None:
        for widget in (self.file, self.beside, self.checked):
            widget.setVisible(are_there)
        if not are_there:
            self.loaded.show_program(self.programs.program, None)

    # --- applying

    def _apply(self) -> None:
        """Ollama's file goes where the user wants it; LM Studio reads its own in one place."""
        if self.programs.program != "ollama":
            self.preview(None)
            return
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("The Modelfile to write or change"),
            QDir.home().filePath("Modelfile"),
            options=QFileDialog.Option.DontConfirmOverwrite,  # what would change is shown before the yes
        )
        if chosen:
            self.preview(Path(chosen))

    def preview(self, place: Path | None) -> None:
        """Show what writing the export there would change, and ask."""
        made, asked = self.made, self._asked
        if made is None:
            return
        self.file.error.show_text("")

        def answered(found: Preview) -> None:
            if asked == self._asked:
                ApplyDialog(self._session.exporting, found, self).open()

        def failed(error: AdvisorError) -> None:
            if asked == self._asked:
                self.file.error.show_text(in_the_window(error.message), what_to_do(error))

        self._session.exporting.preview(made, place, answered, failed)
