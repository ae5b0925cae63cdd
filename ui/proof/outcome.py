"""A proof that has found its limit: two numbers, what was predicted and measured, how fast it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.history.comparison import comparisons_of
from advisor.probe.result import ProbeResult
from advisor.recommend.reasons import format_rate
from advisor.settings.load_settings import LoadSettings
from advisor.units import byte_units, format_bytes, format_tokens
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.charts.chart_layout import alike
from ui.proof.attempts_list import AttemptsList
from ui.proof.words import filled_words, limit_words, off_words
from ui.session.proof_state import Proved
from ui.theme import Tone
from ui.widgets.card import clear_layout
from ui.widgets.elided_label import ElidedLabel
from ui.widgets.labels import LARGE, SMALL, label, muted_label
from ui.widgets.notes_panel import bullet
from ui.widgets.notice import Notice
from ui.widgets.primary_button import PrimaryButton

_NAME_EMS = 24  # of a device's name with ggml's behind it
_End = Qt.AlignmentFlag.AlignTrailing


class ProofOutcome(QWidget):
    """The result, and the buttons that take it over."""

    adopted = Signal(int)  # the context of the engine that is to be used

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Proved | None = None
        self._units = byte_units()
        em = self.fontMetrics().height()
        self.safe = label(size=LARGE, bold=True)
        self.limit = label(wraps=True)
        self.filled = muted_label(size=SMALL, wraps=True)
        self.use_safe = PrimaryButton(self.tr("Use the safe context"))
        self.use_limit = QPushButton(self.tr("Use the limit"))
        self.use_limit.setToolTip(self.tr("Without the reserve: other programs may take what it needs"))
        self.not_kept = Notice(Tone.CAUTION)
        self.memory = QGridLayout()
        self.speed = QGridLayout()
        for grid in (self.memory, self.speed):
            grid.setHorizontalSpacing(round(em * 1.2))
            grid.setVerticalSpacing(round(em * 0.2))
        self.attempts = AttemptsList()
        self._notes = QVBoxLayout()
        self._notes.setSpacing(round(em * 0.2))
        self._arrange()
        self.use_safe.clicked.connect(self._use_safe)
        self.use_limit.clicked.connect(self._use_limit)

    def stack(self, *, narrow: bool) -> None:
        """Put the buttons and the second table below where there is no room beside."""
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._head.setDirection(direction)
        self._tables.setDirection(direction)
        self._tables.setSpacing(self.fontMetrics().height() * (1 if narrow else 3))

    def show_proof(self, proved: Proved, shown: LoadSettings | None, devices: Mapping[str, str]) -> None:
        """`shown` are the settings on the page: what they are already need not be taken over.

        `devices` are their names by ggml's.
        """
        found = proved.result
        here = shown.n_ctx if shown and _is_same(shown, found.settings) else 0
        at_safe = found.safe_n_ctx > 0 and here == found.safe_n_ctx
        self.use_safe.setVisible(found.safe_n_ctx > 0)
        self.use_safe.setEnabled(not at_safe)
        self.use_safe.setText(self.tr("In use") if at_safe else self.tr("Use the safe context"))
        self.use_limit.setVisible(found.limit_n_ctx != found.safe_n_ctx)
        self.use_limit.setEnabled(here != found.limit_n_ctx)
        if proved is self._shown and self._units is byte_units():
            return
        self._shown, self._units = proved, byte_units()
        safe = self.tr("{n} tokens are safe").format(n=format_tokens(found.safe_n_ctx))
        self.safe.setText(safe if found.safe_n_ctx else self.tr("No context is safe here"))
        self.limit.setText(f"{limit_words(found)}.")
        self.filled.setText(filled_words(found))
        self.not_kept.show_text(proved.not_kept.text if proved.not_kept else "")
        self._show_memory(found, devices)
        self._show_speed(found)
        self.attempts.show_attempts(found.attempts)
        clear_layout(self._notes)
        for text in dict.fromkeys(note.text for note in found.measured_notes):
            self._notes.addLayout(bullet(text, is_quiet=True))
        self.setAccessibleDescription(f"{self.safe.text()}. {self.limit.text()} {self.filled.text()}")

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        words = QVBoxLayout()
        words.setSpacing(round(em * 0.2))
        for widget in (self.safe, self.limit, self.filled):
            words.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.use_safe)
        buttons.addWidget(self.use_limit)
        buttons.addStretch(0)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(em)
        self._head.addLayout(words, 1)
        self._head.addLayout(buttons)
        self._tables = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._tables.setSpacing(em * 3)
        for grid in (self.memory, self.speed):
            line = QHBoxLayout()
            line.addLayout(grid)
            line.addStretch(1)  # also below one another they are no wider than they need be
            column = QVBoxLayout()
            column.addLayout(line)
            column.addStretch(1)
            self._tables.addLayout(column)
        self._tables.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(round(em * 0.8))
        whole.addLayout(self._head)
        whole.addWidget(self.not_kept)
        whole.addLayout(self._tables)
        whole.addWidget(self.attempts)
        whole.addLayout(self._notes)

    def _show_memory(self, found: ProbeResult, devices: Mapping[str, str]) -> None:
        title = self.tr("Memory at {n}").format(n=format_tokens(found.proved_n_ctx))
        rows = []
        for it in comparisons_of(found):
            measured = self.tr("not told") if it.measured_bytes is None else format_bytes(it.measured_bytes)
            name = ElidedLabel(devices.get(it.device, it.device), most_ems=_NAME_EMS)
            rows.append((name, format_bytes(it.predicted_bytes), measured, off_words(it.error_percent)))
        _fill(self.memory, (title, self.tr("predicted"), self.tr("measured"), self.tr("off by")), rows)

    def _show_speed(self, found: ProbeResult) -> None:
        rows = [
            (
                format_tokens(point.depth),
                _rate(point.prefill_tokens_per_second),
                _rate(point.decode_tokens_per_second),
            )
            for point in found.speed
        ]
        heads = (self.tr("At a depth of"), self.tr("reads, tokens/s"), self.tr("writes, tokens/s"))
        _fill(self.speed, heads, rows)

    def _use_safe(self) -> None:
        if self._shown:
            self.adopted.emit(self._shown.result.safe_n_ctx)

    def _use_limit(self) -> None:
        if self._shown:
            self.adopted.emit(self._shown.result.limit_n_ctx)


def _is_same(one: LoadSettings, other: LoadSettings) -> bool:
    """Whether two loads differ in their context alone."""
    types = (one.cache_type_k, one.cache_type_v), (other.cache_type_k, other.cache_type_v)
    return alike(one, other) and types[0] == types[1]


def _rate(tokens_per_second: float | None) -> str:
    if tokens_per_second is None:
        return "\u2013"
    return f"{tokens_per_second:,.0f}" if tokens_per_second >= 100 else format_rate(tokens_per_second)


def _fill(grid: QGridLayout, heads: Sequence[str], rows: Sequence[Sequence[str | QLabel]]) -> None:
    """The table anew: quiet heads, the first column at the start, the others at the end."""
    clear_layout(grid)
    for column, text in enumerate(heads):
        head = muted_label(text, size=SMALL)
        grid.addWidget(head, 0, column, _End if column else Qt.AlignmentFlag.AlignLeading)
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            if isinstance(cell, QLabel):
                grid.addWidget(cell, row, column)
            else:
                grid.addWidget(label(cell), row, column, _End if column else Qt.AlignmentFlag.AlignLeading)
