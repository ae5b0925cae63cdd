"""What a program has loaded now: asked of itself on this computer, only when the user presses the button."""

from __future__ import annotations

from advisor.errors import AdvisorError
from advisor.export.comparing import Compared, also_loaded
from advisor.export.prepare import Prepared
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ui.export.programs import address_of, in_the_window, what_to_do
from ui.session.exporting import Exporting
from ui.session.tasks import Task
from ui.theme import Tone
from ui.widgets.card import TitledCard, clear_layout
from ui.widgets.labels import SMALL, ToneLabel, label, muted_label
from ui.widgets.notes_panel import bullet
from ui.widgets.notice import Notice

_SHOW_AFTER_MS = 300  # what is quicker shows no progress


class LoadedPanel(TitledCard):
    """The question, its Cancel and its answer, in place."""

    def __init__(self, exporting: Exporting, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What is loaded now"), parent=parent)
        self._exporting = exporting
        self._program = ""
        self._made: Prepared | None = None
        self._task: Task | None = None
        self._about = muted_label(size=SMALL, wraps=True)
        self.address = QLineEdit()
        caption = QLabel(self.tr("A&ddress"))
        caption.setBuddy(self.address)
        self.check = QPushButton(self.tr("Chec&k what is loaded now"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Asking"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self.error = Notice(Tone.BAD)
        line = QHBoxLayout()
        line.addWidget(caption)
        line.addWidget(self.address, 1)
        line.addWidget(self.progress)
        for button in (self.check, self.cancel):
            button.setAutoDefault(False)
            line.addWidget(button)
        self._answers = QVBoxLayout()
        self._answers.setSpacing(round(self.fontMetrics().height() * 0.8))
        self.body.addWidget(self._about)
        self.body.addLayout(line)
        self.body.addWidget(self.error)
        self.body.addLayout(self._answers)
        self._waiting = QTimer(self, singleShot=True, interval=_SHOW_AFTER_MS)
        self._waiting.timeout.connect(lambda: self._show_waiting(is_waiting=True))
        self.check.clicked.connect(self._ask)
        self.address.returnPressed.connect(self._ask)
        self.cancel.clicked.connect(self.stop)
        self._show_waiting(is_waiting=False)

    def show_program(self, program: str, made: Prepared | None) -> None:
        """Be there for a program that can be asked. What it answered stays until another is shown."""
        self.setVisible(bool(address_of(program)) and made is not None)
        if (program, made) == (self._program, self._made):
            return
        self.stop()
        self._clear()
        if address_of(program) != address_of(self._program or "vllm"):
            self.address.setText(address_of(program))
        self._program, self._made = program, made
        about = self.tr(
            "Asks the running program, on this computer alone and only when you press the button, whether "
            "what it has loaded is what was planned."
        )
        self._about.setText(about)

    def stop(self) -> None:
        """Ask no longer; an answer that still comes is dropped."""
        if self._task:
            self._task.cancel()
            self._task = None
        self._waiting.stop()
        self._show_waiting(is_waiting=False)

    def _ask(self) -> None:
        if self._task or self._made is None:
            return
        self._clear()
        self.check.setEnabled(False)
        self._waiting.start()

        def answered(found: tuple[Compared, ...]) -> None:
            if task is self._task:
                self._ended()
                self._show(found)

        def failed(error: AdvisorError) -> None:
            if task is self._task:
                self._ended()
                self.error.show_text(in_the_window(error.message), what_to_do(error))

        address = self.address.text().strip()
        task = self._exporting.compare_loaded(self._program, address, self._made, answered, failed)
        self._task = task

    def _ended(self) -> None:
        self._task = None
        self._waiting.stop()
        had_focus = self.cancel.hasFocus()
        self._show_waiting(is_waiting=False)
        if had_focus:
            self.check.setFocus()

    def _show_waiting(self, *, is_waiting: bool) -> None:
        self.progress.setVisible(is_waiting)
        self.cancel.setVisible(is_waiting)
        self.check.setVisible(not is_waiting)
        self.check.setEnabled(self._task is None)

    def _clear(self) -> None:
        self.error.show_text("")
        clear_layout(self._answers)

    def _show(self, found: tuple[Compared, ...]) -> None:
        if not found:
            self._answers.addWidget(label(self.tr("Nothing is loaded there now."), wraps=True))
        elif all(it.is_this is False for it in found):
            self._answers.addWidget(label(self.tr("This model is not loaded there now."), wraps=True))
        for it in found:
            if it.is_this is False:
                self._answers.addWidget(muted_label(also_loaded(it.loaded), size=SMALL, wraps=True))
            else:
                self._answers.addLayout(self._comparison(it))

    def _comparison(self, it: Compared) -> QVBoxLayout:
        row = QVBoxLayout()
        row.setSpacing(round(self.fontMetrics().height() * 0.2))
        row.addWidget(label(self._facts(it), wraps=True))
        if it.differences:
            row.addWidget(ToneLabel(self.tr("Not as planned"), Tone.CAUTION, bold=True))
        else:
            row.addWidget(ToneLabel(self.tr("As planned"), Tone.GOOD, bold=True))
        for sentence in it.differences:
            row.addLayout(bullet(sentence, is_quiet=False))
        if it.is_this is None:
            words = self.tr("Whether this is the same file is not told there.")
            row.addWidget(muted_label(words, size=SMALL, wraps=True))
        return row

    def _facts(self, it: Compared) -> str:
        """ "llama3.1:8b · 8,192 tokens · 5.6 GiB, 5.6 GiB of it on the GPU"."""
        loaded = it.loaded
        parts = [loaded.name]
        if loaded.n_ctx is not None:
            parts.append(self.tr("{n} tokens").format(n=format_tokens(loaded.n_ctx)))
        if loaded.n_slots is not None:
            parts.append(self.tr("slots: {n}").format(n=loaded.n_slots))
        if loaded.size_bytes:
            size = format_bytes(loaded.size_bytes)
            if loaded.on_gpu_bytes is not None:
                on_gpu = self.tr("{size}, {gpu} of it on the GPU")
                size = on_gpu.format(size=size, gpu=format_bytes(loaded.on_gpu_bytes))
            parts.append(size)
        return " \u00b7 ".join(parts)
