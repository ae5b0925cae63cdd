"""The proof of the shown model: while it runs, what it found, why it failed, and those before it."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from ui.proof.attempts_list import AttemptsList
from ui.proof.outcome import ProofOutcome
from ui.proof.past_proofs import PastProofs
from ui.proof.progress import ProofProgress
from ui.proof.words import settings_words
from ui.session.proof_state import ProofStatus
from ui.session.state import OpenModel
from ui.theme import Tone
from ui.widgets.card import TitledCard
from ui.widgets.labels import muted_label
from ui.widgets.notice import Notice


class ProbePanel(TitledCard):
    """Hidden as long as nothing was ever proved of the model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Proof"), parent=parent)
        self.progress = ProofProgress()
        self.outcome = ProofOutcome()
        self.failure = Notice(Tone.BAD)
        self.cancelled = muted_label(self.tr("Cancelled. Nothing was changed, and its memory is free again."))
        self.made = AttemptsList()
        self.past = PastProofs()
        parts = (self.progress, self.outcome, self.failure, self.cancelled, self.made, self.past)
        for part in parts:
            self.body.addWidget(part)
            part.hide()
        self._told: ProofStatus | None = None
        self.hide()

    def stack(self, *, narrow: bool) -> None:
        self.progress.stack(narrow=narrow)
        self.outcome.stack(narrow=narrow)

    def show_model(self, model: OpenModel) -> None:
        """Its proof as it is now, and those before."""
        proof = model.proof
        status = proof.status if proof else None
        is_running = proof is not None and proof.is_running
        had_focus = self.progress.cancel.hasFocus()
        self.past.show_proofs(() if is_running else model.proofs)
        trouble = model.proofs_error
        self.past.show_trouble(*((trouble.message, trouble.hint) if trouble else ("", "")))
        self.aside.setText(settings_words(proof.settings, n_gpus=proof.n_gpus) if proof else "")
        if proof and is_running:
            self.progress.show_proof(proof)
        if proof and proof.proved:
            shown = model.plan.settings if model.plan else None
            self.outcome.show_proof(proof.proved, shown, proof.devices)
        error = proof.error if proof else None
        self.failure.show_text(*((error.message, error.hint) if error else ("", "")))
        ended_early = status in {ProofStatus.FAILED, ProofStatus.CANCELLED}
        self.made.show_attempts(proof.attempts if proof and ended_early else ())
        self.progress.setVisible(is_running)
        self.outcome.setVisible(proof is not None and proof.proved is not None)
        self.cancelled.setVisible(status is ProofStatus.CANCELLED)
        self.past.setVisible(not is_running and not self.past.is_empty)
        self.setVisible(proof is not None or not self.past.is_empty)
        if had_focus and not is_running and self.outcome.isVisible():
            self.outcome.use_safe.setFocus()  # it would be lost with the button that has gone
        self._tell(status)

    def _tell(self, status: ProofStatus | None) -> None:
        """A screen reader hears how it ended."""
        if status is self._told:
            return
        self._told = status
        ends = {
            ProofStatus.DONE: self.outcome.accessibleDescription(),
            ProofStatus.FAILED: self.failure.text,
            ProofStatus.CANCELLED: self.cancelled.text(),
        }
        self.setAccessibleDescription(ends.get(status, "") if status else "")
        if self.accessibleDescription():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
