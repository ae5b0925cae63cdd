"""What the person could change: each lever with its gain."""

from __future__ import annotations

from advisor.recommend.result import Lever
from advisor.units import format_bytes
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.card import TitledCard, clear_layout
from ui.labels import SMALL, ToneLabel, label, muted_label
from ui.theme import Tone, border_color
from ui.wording import lever_gain, lever_name


class LeversPanel(TitledCard):
    """A row a lever, in the recommendation's order: most tokens first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What you could change"), parent=parent)
        self._shown: tuple[Lever, ...] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self.body.addStretch(1)

    def show_levers(self, levers: tuple[Lever, ...]) -> None:
        if levers == self._shown:
            return
        self._shown = levers
        clear_layout(self._rows)
        for i, lever in enumerate(levers):
            self._rows.addWidget(_LeverRow(lever, has_line=i + 1 < len(levers)))
        if not levers:
            self._rows.addWidget(
                muted_label(self.tr("Nothing: this is as much as the model can hold."), wraps=True)
            )


class _LeverRow(QWidget):
    """A lever's name, what it frees, and the tokens gained."""

    def __init__(self, lever: Lever, *, has_line: bool) -> None:
        super().__init__()
        self._has_line = has_line
        em = self.fontMetrics().height()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, round(em * 0.35), 0, round(em * 0.4))
        line.setSpacing(em)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(lever_name(lever), wraps=True))
        if lever.gain_tokens and lever.gain_bytes > 0:
            frees = self.tr("frees {size} at the same context").format(size=format_bytes(lever.gain_bytes))
            words.addWidget(muted_label(frees, size=SMALL, wraps=True))
        gain = ToneLabel(lever_gain(lever), Tone.GOOD if lever.gain_tokens >= 0 else Tone.QUIET, bold=True)
        gain.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(gain)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._has_line:
            painter = QPainter(self)
            painter.fillRect(0, self.height() - 1, self.width(), 1, border_color(self.palette()))
