"""Apply: what would change in the program's own file, a yes, and then, on request, the program itself."""

from __future__ import annotations

import sys
from pathlib import Path

from advisor.errors import AdvisorError
from advisor.export.choices import Shell
from advisor.export.quoting import command_line
from advisor.export.running import named_programs
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.export.export_text import ExportText
from ui.export.highlighting import difference_spans
from ui.export.programs import in_the_window, target_words
from ui.export.scrolling import scrolling_column
from ui.session.exporting import Exporting
from ui.session.exports import Preview
from ui.session.tasks import Task
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.command_field import CommandField
from ui.widgets.labels import SMALL, ToneLabel, label, muted_label
from ui.widgets.notice import Notice
from ui.widgets.primary_button import PrimaryButton
from ui.wording import verdict_words

_SHELL: Shell = "powershell" if sys.platform == "win32" else "sh"


class ApplyDialog(QDialog):
    """Two steps, each with a button of its own: the file, and the program that takes it over."""

    def __init__(self, exporting: Exporting, preview: Preview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exporting = exporting
        self._preview = preview
        self._task: Task | None = None
        self._is_closed = False
        self.setWindowTitle(
            self.tr("Apply to {program}").format(program=target_words(preview.export.runtime))
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.warning = Notice(Tone.CAUTION)
        self.error = Notice(Tone.BAD)
        self.difference = ExportText(difference_spans)
        self.done_label = ToneLabel("", Tone.GOOD, bold=True)
        self.done_label.setWordWrap(True)
        self.backup = muted_label(size=SMALL, wraps=True)
        self.write = PrimaryButton(self.tr("&Write it"))
        self.run = QPushButton(self.tr("&Run it"))
        self.stop = QPushButton(self.tr("&Cancel it"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Running"))
        self.said = ExportText(lambda _line: ())
        self.ran = ToneLabel("", Tone.GOOD, bold=True)
        self.close_button = QPushButton(self.tr("Close"))
        for button in (self.write, self.run, self.stop, self.close_button):
            button.setAutoDefault(False)
        self._arrange()
        self.write.clicked.connect(self._write)
        self.run.clicked.connect(self._run)
        self.stop.clicked.connect(self._stop)
        self.close_button.clicked.connect(self.reject)
        self._show_preview()
        self.resize(self.fontMetrics().height() * 46, self.fontMetrics().height() * 20)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As tall as what it says at this width, where the screen has room for it."""
        inside = self.page.widget()
        lacking = inside.heightForWidth(inside.width()) - self.page.viewport().height()
        tallest = round(self.screen().availableSize().height() * 0.9)
        self.resize(self.width(), max(self.height(), min(self.height() + lacking, tallest)))

    # --- what is shown

    def _show_preview(self) -> None:
        change, plan = self._preview.change, self._preview.plan
        if not plan.fits:
            words = self.tr("Loaded so, it does not run well here: {verdict}.")
            self.warning.show_text(words.format(verdict=verdict_words(plan.verdict)))
        self.difference.show_text(change.difference(), self.tr("the difference"))
        self.difference.setVisible(change.is_one)
        self.write.setVisible(change.is_one)
        self.run.setEnabled(not change.is_one)
        self.backup.setVisible(self._preview.backup is not None)
        if self._preview.backup:
            words = self.tr("What is there now is kept beside it as {name}. All else in it stays as it is.")
            self.backup.setText(words.format(name=self._preview.backup.name))
        if not change.is_one:
            self.done_label.setText(self.tr("The file says this already: there is nothing to write."))
        self.done_label.setVisible(not change.is_one)
        self._show_running(is_running=False)
        self.said.hide()
        self.ran.hide()

    def _show_running(self, *, is_running: bool) -> None:
        self.progress.setVisible(is_running)
        self.stop.setVisible(is_running)
        self.run.setVisible(not is_running)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        change, export = self._preview.change, self._preview.export
        title = self.tr("The file") if change.before is None else self.tr("What would change in the file")
        aside = self.tr("new") if change.before is None else ""
        file = TitledCard(title, aside)
        file.body.addWidget(label(str(change.path), wraps=True))
        for widget in (self.difference, self.backup, self.error):
            file.body.addWidget(widget)
        yes = QHBoxLayout()
        yes.addWidget(self.done_label, 1)
        yes.addWidget(self.write, 0, Qt.AlignmentFlag.AlignTrailing)
        file.body.addLayout(yes)
        self.page, column = scrolling_column()
        column.addWidget(self.warning)
        column.addWidget(file)
        if export.programs:
            column.addWidget(self._program_card())
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(em, em, em, em)
        whole.setSpacing(round(em * 0.7))
        whole.addWidget(self.page, 1)
        whole.addLayout(foot)

    def _program_card(self) -> TitledCard:
        change, export = self._preview.change, self._preview.export
        program = target_words(export.runtime)
        card = TitledCard(self.tr("Then, if you like: let {program} take it over").format(program=program))
        for words in named_programs(export, change.path):
            card.body.addWidget(
                CommandField(
                    command_line(words, _SHELL), self.tr("hand it to {program}").format(program=program)
                )
            )
        self.run_error = Notice(Tone.BAD)
        for widget in (self.said, self.run_error):
            card.body.addWidget(widget)
        line = QHBoxLayout()
        line.addWidget(self.ran)
        line.addStretch(1)
        line.addWidget(self.progress)
        line.addWidget(self.stop)
        line.addWidget(self.run)
        card.body.addLayout(line)
        return card

    # --- what is done

    def _write(self) -> None:
        self.write.setEnabled(False)
        self.error.show_text("")
        self._exporting.write(self._preview, self._written, self._not_written)

    def _written(self, backup: Path | None) -> None:
        if self._is_closed:
            return
        self.done_label.setText(self.tr("Written."))
        self.done_label.show()
        self.write.hide()
        if backup:
            self.backup.setText(self.tr("What was there before: {place}").format(place=backup))
        self.run.setEnabled(True)
        (self.run if self._preview.export.programs else self.close_button).setFocus()

    def _not_written(self, error: AdvisorError) -> None:
        if self._is_closed:
            return
        self.write.setEnabled(True)
        self.error.show_text(in_the_window(error.message), in_the_window(error.hint))
        self._fit()

    def _run(self) -> None:
        self.run_error.show_text("")
        self.ran.hide()
        self.said.hide()
        self._show_running(is_running=True)
        self.stop.setFocus()
        self._task = self._exporting.run(
            self._preview,
            on_result=lambda _none: self._ended(self.tr("Done.")),
            on_error=self._failed,
            on_said=self._heard,
            on_cancelled=lambda: self._ended(self.tr("Cancelled.")),
        )

    def _stop(self) -> None:
        if self._task:
            self._task.cancel()
            self.stop.setEnabled(False)  # until the program has ended

    def _heard(self, lines: tuple[str, ...]) -> None:
        if not self._is_closed and lines:
            self.said.show_text("\n".join(lines), self.tr("what the program says"))
            self.said.show()
            end = self.said.verticalScrollBar()
            end.setValue(end.maximum())
            self._fit()

    def _failed(self, error: AdvisorError) -> None:
        if not self._is_closed:
            self._ended("")
            self.run_error.show_text(in_the_window(error.message), error.hint)
            self._fit()

    def _ended(self, words: str) -> None:
        if self._is_closed:
            return
        self._task = None
        had_focus = self.stop.hasFocus() or not self.stop.isEnabled()
        self.stop.setEnabled(True)
        self._show_running(is_running=False)
        self.ran.setText(words)
        self.ran.setVisible(bool(words))
        if had_focus:
            self.run.setFocus()

    def done(self, result: int) -> None:
        self._is_closed = True
        if self._task:
            self._task.cancel()
        super().done(result)
