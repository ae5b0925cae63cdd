"""A proof while it runs: what is done, how far it is, what it takes."""

from __future__ import annotations

from advisor.units import format_bytes, format_seconds, format_tokens
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.proof.attempts_list import AttemptsList
from ui.proof.live_curve import LiveCurve
from ui.proof.live_layout import memory_lines, speed_lines
from ui.proof.words import promise_words, stage_words
from ui.session.proof_state import Proof, ProofStatus
from ui.widgets.labels import SMALL, label, muted_label

_WHOLE = 1000  # the bar counts in thousandths: tokens and bytes may be more than Qt's numbers hold
_NOTHING = "\u2013"


class ProofProgress(QWidget):
    """Stage, bar, figures, live curves and the attempts so far, with the button that ends it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.stage = label(bold=True)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("End the proof; its memory is free at once"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(round(em * 0.5))
        self.bar.setAccessibleName(self.tr("Tokens filled"))
        self._figures: list[QLabel] = []
        self.memory = LiveCurve(self.tr("Memory"), lambda value: format_bytes(round(value)))
        self.speed = LiveCurve(self.tr("Tokens/s"), lambda value: f"{value:,.0f}")
        self.attempts = AttemptsList()
        self._promise = muted_label(size=SMALL, wraps=True)
        self._arrange()

    def stack(self, *, narrow: bool) -> None:
        """Put the curves below the figures where there is no room beside them."""
        self._middle.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def show_proof(self, proof: Proof) -> None:
        now = proof.now
        stopping = proof.status is ProofStatus.STOPPING
        self.stage.setText(self.tr("Stopping\u2026") if stopping else f"{stage_words(now)}\u2026")
        self.cancel.setEnabled(not stopping)
        self._promise.setText(promise_words(proof.ceiling_bytes))
        is_filling = now is not None and now.stage == "filling" and now.n_ctx > 0
        self.bar.setRange(0, _WHOLE if is_filling else 0)
        if is_filling and now:
            self.bar.setValue(_WHOLE * now.n_filled // now.n_ctx)
        for figure, text in zip(self._figures, _figures(proof), strict=True):
            figure.setText(text)
        self.memory.show_lines(memory_lines(proof.samples, proof.devices))
        self.speed.show_lines(speed_lines(proof.samples))
        self.attempts.show_attempts(proof.attempts)
        self.setAccessibleDescription(self.text)

    @property
    def text(self) -> str:
        """All of it in one line, as a screen reader would say it."""
        said = (f"{name} {figure.text()}" for name, figure in zip(self._names, self._figures, strict=True))
        return f"{self.stage.text()} {', '.join(said)}"

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._names = (
            self.tr("Context tried"),
            self.tr("Filled"),
            self.tr("Time left"),
            self.tr("RAM now"),
            self.tr("RAM at most"),
            self.tr("Tokens/s"),
        )
        head = QHBoxLayout()
        head.addWidget(self.stage, 1)
        head.addWidget(self.cancel)
        figures = QGridLayout()
        figures.setHorizontalSpacing(em)
        figures.setVerticalSpacing(round(em * 0.1))
        for i, name in enumerate(self._names):
            row, column = 3 * (i // 3), i % 3
            figure = label(bold=True)
            figure.setMinimumWidth(round(em * 6.5))  # figures change many times a second: nothing moves
            self._figures.append(figure)
            figures.addWidget(muted_label(name, size=SMALL), row, column)
            figures.addWidget(figure, row + 1, column)
        figures.setRowMinimumHeight(2, round(em * 0.4))
        figures.setRowStretch(5, 1)
        curves = QHBoxLayout()
        curves.setSpacing(round(em * 1.5))
        curves.addWidget(self.memory, 1)
        curves.addWidget(self.speed, 1)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(em)
        self._middle.addLayout(figures)
        self._middle.addLayout(curves, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(round(em * 0.6))
        whole.addLayout(head)
        whole.addWidget(self.bar)
        whole.addLayout(self._middle)
        whole.addWidget(self.attempts)
        whole.addWidget(self._promise)
        self.stage.setAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)


def _figures(proof: Proof) -> tuple[str, ...]:
    """In the order of the names; what is not known is a dash."""
    now = proof.now
    if now is None:
        return (_NOTHING,) * 6
    rss = now.memory.rss_bytes if now.memory else None
    return (
        format_tokens(now.n_ctx) if now.n_ctx else _NOTHING,
        format_tokens(now.n_filled) if now.n_filled else _NOTHING,
        _NOTHING if now.seconds_left is None else format_seconds(now.seconds_left),
        _NOTHING if rss is None else format_bytes(rss),
        _NOTHING if now.peak_rss_bytes is None else format_bytes(now.peak_rss_bytes),
        f"{now.tokens_per_second:,.0f}" if now.tokens_per_second else _NOTHING,
    )
