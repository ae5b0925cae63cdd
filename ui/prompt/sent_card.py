"""What is sent: text files, pages, characters, a system prompt, and room for the answer."""

from __future__ import annotations

from pathlib import Path

from advisor.basis import Basis
from advisor.errors import AdvisorError
from advisor.recommend.need import DEFAULT_ANSWER_TOKENS, Need, Part, characters_part, pages_part
from advisor.settings.load_settings import MAX_N_CTX
from advisor.units import format_tokens
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QWidget,
)

from ui.prompt.file_counts import FileCounts, Found
from ui.widgets.card import TitledCard
from ui.widgets.fields import NumberField
from ui.widgets.hinted_list import HintedList
from ui.widgets.labels import SMALL, muted_label

_MOST_PAGES = 1_000_000
_MOST_CHARACTERS = 1_000_000_000
_SHOW_AFTER_MS = 300  # what is quicker shows no progress


class SentCard(TitledCard):
    """The list of files with their counts, and the numbers beside them."""

    changed = Signal()

    def __init__(self, counts: FileCounts, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What I send"), self.tr("drop text files anywhere here"), parent)
        self._counts = counts
        self.files = HintedList(self.tr("No text files yet"))
        self.files.setAccessibleName(self.tr("Text files"))
        self.add = QPushButton(self.tr("&Add text files\u2026"))
        self.remove = QPushButton(self.tr("&Remove"))
        self.pages = _number(self.tr("Pages"), _MOST_PAGES, 0)
        self.characters = _number(self.tr("Characters"), _MOST_CHARACTERS, 0)
        self.system = _number(self.tr("System prompt in tokens"), MAX_N_CTX, 0)
        self.answer = _number(self.tr("Answer in tokens"), MAX_N_CTX, DEFAULT_ANSWER_TOKENS)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Counting"))
        self.stage = muted_label(size=SMALL)
        self.cancel = QPushButton(self.tr("&Cancel"))
        for button in (self.add, self.remove, self.cancel):
            button.setAutoDefault(False)
        self._waiting = QTimer(self, singleShot=True, interval=_SHOW_AFTER_MS)
        self._waiting.timeout.connect(lambda: self._show_progress(is_counting=counts.is_counting))
        self._arrange()
        self._show_progress(is_counting=False)
        self.add.clicked.connect(self._browse)
        self.remove.clicked.connect(self._remove)
        self.cancel.clicked.connect(counts.cancel)
        self.files.currentRowChanged.connect(lambda row: self.remove.setEnabled(row >= 0))
        counts.stage.connect(self.stage.setText)
        counts.changed.connect(self._counts_changed)
        for field in (self.pages, self.characters, self.system, self.answer):
            field.valueChanged.connect(self.changed)

    @property
    def need(self) -> Need:
        """As far as it is known: files that could not be counted are left out."""
        parts = self._counts.parts
        if self.pages.value():
            parts.append(pages_part(self.pages.value()))
        if self.characters.value():
            parts.append(characters_part(self.characters.value()))
        system = Part(self.tr("system prompt"), self.system.value(), None) if self.system.value() else None
        return Need(tuple(parts), system, self.answer.value())

    def _browse(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Text files"))
        self._counts.add(Path(name) for name in names)

    def _remove(self) -> None:
        self._counts.remove(list(self._counts.files)[self.files.currentRow()])

    def _counts_changed(self) -> None:
        self._list_files()
        if not self._counts.is_counting:
            self._waiting.stop()
            self._show_progress(is_counting=False)
        elif not self._waiting.isActive() and self.progress.isHidden():
            self._waiting.start()
        self.changed.emit()

    def _list_files(self) -> None:
        row = self.files.currentRow()
        lines = [self._line(path, part) for path, part in self._counts.files.items()]
        if lines != [self.files.item(i).text() for i in range(self.files.count())]:
            self.files.clear()
            self.files.addItems(lines)
            self.files.setCurrentRow(min(row, len(lines) - 1))
        self.remove.setEnabled(self.files.currentRow() >= 0)

    def _line(self, path: Path, part: Found) -> str:
        if part is None:
            is_counted = self._counts.is_being_counted(path)
            return f"{path.name}: " + (self.tr("counting\u2026") if is_counted else self.tr("not counted"))
        if isinstance(part, AdvisorError):
            return part.message.replace(str(path), path.name)
        if part.basis is Basis.ENGINE:
            words = self.tr("{name}: {n} tokens, counted")
        else:
            words = self.tr("{name}: about {n} tokens, estimated")
        return words.format(name=path.name, n=format_tokens(part.n_tokens))

    def _show_progress(self, *, is_counting: bool) -> None:
        for widget in (self.progress, self.stage, self.cancel):
            widget.setVisible(is_counting)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self.files.setMinimumHeight(em * 4)
        self.files.setWordWrap(True)
        self.files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.remove.setEnabled(False)
        self.body.addWidget(self.files, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        self.body.addLayout(buttons)
        form = QFormLayout()
        form.setVerticalSpacing(round(em * 0.4))
        for words, field in (
            (self.tr("&Pages of text"), self.pages),
            (self.tr("C&haracters of text"), self.characters),
            (self.tr("&System prompt"), self.system),
            (self.tr("A&nswer, at most"), self.answer),
        ):
            form.addRow(words, field)
        self.system.setSuffix(self.tr(" tokens"))
        self.answer.setSuffix(self.tr(" tokens"))
        self.body.addLayout(form)
        waiting = QHBoxLayout()
        waiting.addWidget(self.progress)
        waiting.addWidget(self.stage, 1)
        waiting.addWidget(self.cancel)
        self.body.addLayout(waiting)


def _number(name: str, most: int, value: int) -> NumberField:
    made = NumberField(name)
    made.setRange(0, most)
    made.setValue(value)
    return made
