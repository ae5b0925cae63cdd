"""The earlier proofs of a model: when, with what, what they found, how far the prediction was off."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.history.record import ProbeRecord
from advisor.units import format_tokens
from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ui.proof.words import off_words, settings_words, worst_error
from ui.theme import Tone
from ui.widgets.card import clear_layout
from ui.widgets.labels import SMALL, label, muted_label
from ui.widgets.notice import Notice

_MOST = 5


class PastProofs(QWidget):
    """The newest few, one a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[ProbeRecord, ...] = ()
        em = self.fontMetrics().height()
        self.unreadable = Notice(Tone.CAUTION)
        self._title = label(self.tr("Proofs of this model"), bold=True)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(em)
        self._rows.setVerticalSpacing(round(em * 0.2))
        self._rows.setColumnStretch(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, round(em * 0.4), 0, 0)
        whole.setSpacing(round(em * 0.4))
        whole.addWidget(self.unreadable)
        whole.addWidget(self._title)
        whole.addLayout(self._rows)
        self.setAccessibleName(self._title.text())
        self._title.hide()

    @property
    def is_empty(self) -> bool:
        return not self._shown and not self.unreadable.text

    def show_trouble(self, text: str, hint: str = "") -> None:
        """Why the history cannot be read; nothing where it can."""
        self.unreadable.show_text(text, hint)

    def show_proofs(self, records: Sequence[ProbeRecord]) -> None:
        if tuple(records) == self._shown:
            return
        self._shown = tuple(records)
        clear_layout(self._rows)
        self._title.setVisible(bool(records))
        end = Qt.AlignmentFlag.AlignTrailing
        heads = ("", self.tr("settings"), self.tr("limit"), self.tr("safe"), self.tr("prediction off by"))
        for column, text in enumerate(heads):
            head = muted_label(text, size=SMALL)
            self._rows.addWidget(head, 0, column, end if column > 1 else Qt.AlignmentFlag.AlignLeading)
        for row, record in enumerate(self._shown[:_MOST], 1):
            for column, text in enumerate(_cells(record)):
                cell = muted_label(text) if column == 0 else label(text, wraps=column == 1)
                if column > 1:
                    self._rows.addWidget(cell, row, column, end)
                else:
                    self._rows.addWidget(cell, row, column)
        self.setAccessibleDescription("; ".join(", ".join(_cells(it)) for it in self._shown[:_MOST]))


def _cells(record: ProbeRecord) -> tuple[str, ...]:
    result = record.result
    return (
        _when(record.at),
        settings_words(result.settings, n_gpus=len(result.predicted_bytes) - 1),
        format_tokens(result.limit_n_ctx),
        format_tokens(result.safe_n_ctx) if result.safe_n_ctx else "\u2013",
        off_words(worst_error(record)),
    )


def _when(at: str) -> str:
    """The moment in the words of this place, in its own time; as it was written where that is no moment."""
    moment = QDateTime.fromString(at, Qt.DateFormat.ISODate)
    if not moment.isValid():
        return at
    return QLocale().toString(moment.toLocalTime(), QLocale.FormatType.ShortFormat)
