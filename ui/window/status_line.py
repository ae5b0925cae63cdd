"""The status bar: which engine answers, how far the formula is from it, what is going on or was proved."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QWidget

from ui.session.session import Session
from ui.session.state import EngineStatus
from ui.theme import Tone
from ui.widgets.labels import SMALL, Dot, muted_label
from ui.window.agreement import agreement
from ui.window.last_proof import last_proof

_MESSAGE_MS = 6000


class StatusLine(QStatusBar):
    """Engine at the left, agreement beside it; at the right messages and progress, else the last proof."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        em = self.fontMetrics().height()
        self.setSizeGripEnabled(False)
        self._dot = Dot()
        self._engine = muted_label(size=SMALL)
        self._agreement = muted_label(size=SMALL)
        self._right = muted_label(size=SMALL)
        self._message = ""
        self._stage = ""
        self._proof = ""
        self._fades = QTimer(self, singleShot=True, interval=_MESSAGE_MS)
        self._fades.timeout.connect(self._message_fades)
        left = QWidget()
        line = QHBoxLayout(left)
        line.setContentsMargins(round(em * 0.6), 0, 0, 0)
        line.setSpacing(round(em * 0.5))
        line.addWidget(self._dot)
        line.addWidget(self._engine)
        line.addSpacing(em)
        line.addWidget(self._agreement)
        line.addStretch(1)
        self.addWidget(left, 1)
        self.addPermanentWidget(self._right)
        self.setContentsMargins(0, 0, round(em * 0.6), 0)

        session.engine_changed.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.model_changed.connect(lambda model: model is session.current and self._refresh())
        session.proof_changed.connect(lambda _model: self._refresh())
        session.progress_changed.connect(self._progressed)
        self._refresh()

    @property
    def text(self) -> str:
        return f"{self._engine.text()} {self._agreement.text()}".strip()

    @property
    def right(self) -> str:
        """What stands at the right."""
        return self._right.text()

    @property
    def message(self) -> str:
        return self._message

    def say(self, message: str) -> None:
        """A message for a few seconds, beside the engine's state and not over it."""
        self._message = message
        self._show_right()
        self._fades.start()

    def _message_fades(self) -> None:
        self._message = ""
        self._show_right()

    def _progressed(self, stage: str) -> None:
        self._stage = stage
        self._show_right()

    def _show_right(self) -> None:
        self._right.setText(self._message or self._stage or self._proof)

    def _refresh(self) -> None:
        state = self._session.engine
        words, tone = {
            EngineStatus.STARTING: (self.tr("starting llama.cpp\u2026"), Tone.QUIET),
            EngineStatus.READY: ("", Tone.GOOD),
            EngineStatus.ABSENT: (self.tr("no engine: answers are by formula"), Tone.CAUTION),
        }[state.status]
        if state.facts:
            words = " · ".join((state.facts.name, ", ".join(state.facts.backends)))
        self._engine.setText(words)
        self._dot.set_tone(tone)
        model = self._session.current
        answer = model.recommendation if model else None
        self._agreement.setText(agreement(answer) if answer else "")
        self._proof = last_proof(model.proofs) if model else ""
        self._show_right()
