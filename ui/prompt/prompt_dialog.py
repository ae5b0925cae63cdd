"""The prompt I send: files, pages, a system prompt and the answer, counted; and whether they fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.basis import Basis
from advisor.errors import AdvisorError
from advisor.model.facts import ModelFacts
from advisor.recommend.need import (
    DEFAULT_ANSWER_TOKENS,
    Need,
    NeedAnswer,
    Part,
    answered,
    characters_part,
    in_words,
    pages_part,
)
from advisor.recommend.result import Recommendation
from advisor.settings.load_settings import MAX_N_CTX
from advisor.units import format_tokens
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.session.session import Session
from ui.session.state import OpenModel
from ui.session.tasks import Task
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.fields import NumberField
from ui.widgets.labels import LARGE, SMALL, ToneLabel, label, muted_label, scaled

_MOST_CHARACTERS = 1_000_000_000
_SHOW_AFTER_MS = 300  # what is quicker shows no progress


class PromptDialog(QDialog):
    """Beside the window, for the shown model: another model counts anew, since its vocabulary is another."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts: ModelFacts | None = None
        self._files: dict[Path, Part | AdvisorError | None] = {}  # None: not counted (yet)
        self._tasks: dict[Path, Task] = {}
        self.setWindowTitle(self.tr("The prompt I send"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        em = self.fontMetrics().height()
        self.files = QListWidget()
        self.files.setAccessibleName(self.tr("Text files"))
        self.add = QPushButton(self.tr("&Add text files\u2026"))
        self.remove = QPushButton(self.tr("&Remove"))
        self.pages = self._number(self.tr("Pages"), 1_000_000, 0)
        self.characters = self._number(self.tr("Characters"), _MOST_CHARACTERS, 0)
        self.system = self._number(self.tr("System prompt in tokens"), MAX_N_CTX, 0)
        self.answer = self._number(self.tr("Answer in tokens"), MAX_N_CTX, DEFAULT_ANSWER_TOKENS)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Counting"))
        self.stage = muted_label(size=SMALL)
        self.cancel = QPushButton(self.tr("&Cancel"))
        self.total = label(size=LARGE, bold=True)
        self.verdict = ToneLabel(bold=True)
        self.verdict.setWordWrap(True)
        self.more = muted_label(size=SMALL, wraps=True)
        self.use = QPushButton(self.tr("&Use this"))
        self.close_button = QPushButton(self.tr("Close"))
        self._waiting = QTimer(self, singleShot=True, interval=_SHOW_AFTER_MS)
        self._waiting.timeout.connect(lambda: self._show_progress(is_counting=bool(self._tasks)))
        for button in (self.add, self.remove, self.cancel, self.close_button):
            button.setAutoDefault(False)
        self._arrange()
        self._show_progress(is_counting=False)
        self.add.clicked.connect(self._browse)
        self.remove.clicked.connect(self._remove)
        self.cancel.clicked.connect(self._cancel)
        self.use.clicked.connect(self._use)
        self.close_button.clicked.connect(self.close)
        self.files.currentRowChanged.connect(lambda row: self.remove.setEnabled(row >= 0))
        for field in (self.pages, self.characters, self.system, self.answer):
            field.valueChanged.connect(self._refresh)
        session.current_changed.connect(self._other_model)
        session.model_changed.connect(self._model_changed)
        self.resize(em * 34, em * 34)
        self._other_model()

    # --- what is sent

    def add_files(self, paths: list[Path]) -> None:
        for path in paths:
            if path not in self._files:
                self._files[path] = None
                self._count(path)
        self._refresh()

    @property
    def need(self) -> Need:
        """As far as it is known: files that could not be counted are left out."""
        parts = [part for part in self._files.values() if isinstance(part, Part)]
        if self.pages.value():
            parts.append(pages_part(self.pages.value()))
        if self.characters.value():
            parts.append(characters_part(self.characters.value()))
        system = Part(self.tr("system prompt"), self.system.value(), None) if self.system.value() else None
        return Need(tuple(parts), system, self.answer.value())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def done(self, result: int) -> None:
        self._cancel()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._cancel()
        super().closeEvent(event)

    def _browse(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Text files"))
        self.add_files([Path(name) for name in names])

    def _remove(self) -> None:
        path = list(self._files)[self.files.currentRow()]
        if task := self._tasks.pop(path, None):
            task.cancel()
        del self._files[path]
        self._refresh()

    # --- counting

    def _count(self, path: Path) -> None:
        if self._facts is None:
            return

        def ended(found: Part | AdvisorError | None) -> None:
            # An answer to a task that was given up, or to one of a dialog that was closed, is dropped.
            if self._tasks.get(path) is task:
                del self._tasks[path]
                self._files[path] = found
                self._refresh()

        task = self._session.count_file(
            path,
            self._facts,
            on_result=ended,
            on_error=ended,
            on_progress=self.stage.setText,
        )
        self._tasks[path] = task
        if not self._waiting.isActive():
            self._waiting.start()

    def _cancel(self) -> None:
        """What is not counted yet stays uncounted."""
        self._waiting.stop()
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._refresh()

    def _other_model(self) -> None:
        model = self._session.current
        facts = model.facts if model else None
        if facts is not self._facts:
            self._cancel()
            self._facts = facts
            for path in self._files:
                self._files[path] = None
                self._count(path)
        self._refresh()

    def _model_changed(self, model: OpenModel) -> None:
        if model is self._session.current:
            self._other_model()

    def _use(self) -> None:
        self._session.use_need(self.need)

    # --- what is shown

    def _refresh(self) -> None:
        self._list_files()
        if not self._tasks:
            self._waiting.stop()
            self._show_progress(is_counting=False)
        need = self.need
        about = "" if need.basis is Basis.ENGINE else self.tr("about ")
        self.total.setText(
            self.tr("{about}{n} tokens with the answer").format(
                about=about, n=format_tokens(need.total_tokens)
            )
        )
        answer = self._shown_answer()
        self.use.setEnabled(answer is not None and not self._tasks)
        if answer is None:
            self.verdict.setText(self.tr("Open a model: then this is compared with what it can hold."))
            self.verdict.set_tone(Tone.QUIET)
            self.more.setText("")
            return
        self._show_verdict(answered(need, answer), need)

    def _show_verdict(self, found: NeedAnswer, need: Need) -> None:
        uncounted = [path.name for path, part in self._files.items() if not isinstance(part, Part)]
        tone = Tone.GOOD if found.fits else Tone.BAD if found.short_by else Tone.CAUTION
        self.verdict.set_tone(Tone.CAUTION if uncounted and found.fits else tone)
        self.verdict.setText(found.verdict.text)
        lines = [self.tr("{text} of text").format(text=in_words(need.total_tokens))]
        if uncounted:
            lines.append(self.tr("Not counted: {names}").format(names=", ".join(uncounted)))
        lines += [lever.text for lever in found.levers]
        lines += [part.note.text for part in need.parts if part.note]
        self.more.setText("\n".join(lines))

    def _shown_answer(self) -> Recommendation | None:
        """The recommendation, with the user's own choice in its place where there is one."""
        model = self._session.current
        answer = model.recommendation if model else None
        if model is None or answer is None or model.choice is None:
            return answer
        settings = model.choice.plan.settings
        fits = model.choice.plan.fits
        safe = answer.n_ctx_safe if model.choice.n_ctx_safe is None else model.choice.n_ctx_safe
        return replace(answer, settings=settings, n_ctx=settings.n_ctx if fits else 0, n_ctx_safe=safe)

    def _list_files(self) -> None:
        row = self.files.currentRow()
        lines = [self._file_line(path, part) for path, part in self._files.items()]
        if lines != [self.files.item(i).text() for i in range(self.files.count())]:
            self.files.clear()
            self.files.addItems(lines)
            self.files.setCurrentRow(min(row, len(lines) - 1))
        self.remove.setEnabled(self.files.currentRow() >= 0)

    def _file_line(self, path: Path, part: Part | AdvisorError | None) -> str:
        if part is None:
            return f"{path.name}: " + (
                self.tr("counting\u2026") if path in self._tasks else self.tr("not counted")
            )
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

    # --- construction

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        sent = TitledCard(self.tr("What I send"), self.tr("drop text files anywhere here"))
        self.files.setMinimumHeight(em * 4)
        self.files.setWordWrap(True)
        self.files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        sent.body.addWidget(self.files, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        sent.body.addLayout(buttons)
        form = QFormLayout()
        form.setVerticalSpacing(round(em * 0.4))
        for words, field in (
            (self.tr("&Pages beside that"), self.pages),
            (self.tr("C&haracters beside that"), self.characters),
            (self.tr("&System prompt"), self.system),
            (self.tr("A&nswer, at most"), self.answer),
        ):
            form.addRow(words, field)
        self.system.setSuffix(self.tr(" tokens"))
        self.answer.setSuffix(self.tr(" tokens"))
        sent.body.addLayout(form)
        waiting = QHBoxLayout()
        waiting.addWidget(self.progress)
        waiting.addWidget(self.stage, 1)
        waiting.addWidget(self.cancel)
        sent.body.addLayout(waiting)
        said = TitledCard(self.tr("Does it fit?"))
        self.verdict.setFont(scaled(self.verdict.font(), 1.0, bold=True))
        for widget in (self.total, self.verdict, self.more):
            said.body.addWidget(widget)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.use)
        foot.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em)
        column.addWidget(sent, 1)
        column.addWidget(said)
        column.addLayout(foot)
        self.use.setToolTip(self.tr("Show the model with a context that holds this"))

    @staticmethod
    def _number(name: str, most: int, value: int) -> NumberField:
        made = NumberField(name)
        made.setRange(0, most)
        made.setValue(value)
        return made
