"""The attempts of a proof: a sign, the context, how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.hardware.doctor.findings import Severity
from advisor.probe.result import Attempt, Outcome
from advisor.units import format_seconds, format_tokens
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.proof.words import outcome_words
from ui.widgets.card import clear_layout
from ui.widgets.labels import SMALL, label, muted_label
from ui.widgets.severity_mark import SeverityMark


class AttemptsList(QWidget):
    """One row an attempt, in the order in which they were made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Attempt, ...] = ()
        self._rows = QGridLayout(self)
        em = self.fontMetrics().height()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(round(em * 0.6))
        self._rows.setVerticalSpacing(round(em * 0.25))
        self._rows.setColumnStretch(2, 1)
        self.setAccessibleName(self.tr("Attempts"))
        self.hide()

    def show_attempts(self, attempts: Sequence[Attempt]) -> None:
        if tuple(attempts) == self._shown:
            return
        self._shown = tuple(attempts)
        clear_layout(self._rows)
        for row, attempt in enumerate(self._shown):
            worked = attempt.outcome is Outcome.OK
            mark = SeverityMark(None if worked else Severity.WARNING)
            mark.setAccessibleName(outcome_words(attempt.outcome))
            tokens = label(self.tr("{n} tokens").format(n=format_tokens(attempt.n_ctx)))
            words = outcome_words(attempt.outcome)
            said = label(words if worked else f"{words}. {attempt.detail}".rstrip(), wraps=True)
            took = muted_label(format_seconds(attempt.seconds), size=SMALL)
            top = Qt.AlignmentFlag.AlignTop
            self._rows.addWidget(mark, row, 0, top)
            self._rows.addWidget(tokens, row, 1, top | Qt.AlignmentFlag.AlignTrailing)
            self._rows.addWidget(said, row, 2)
            self._rows.addWidget(took, row, 3, top | Qt.AlignmentFlag.AlignTrailing)
        self.setAccessibleDescription(
            "; ".join(f"{format_tokens(it.n_ctx)}: {outcome_words(it.outcome)}" for it in self._shown)
        )
        self.setVisible(bool(self._shown))
