"""Proofs, one at a time: started, listened to, stopped, and written into the model that they are of."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve
from advisor.history.record import ProbeRecord
from advisor.probe.events import Event
from advisor.probe.stop import Stop
from advisor.settings.request import Request
from PySide6.QtCore import QObject, Signal

from ui.session.proof_state import Proof, ProofStatus, Proved, after
from ui.session.state import EngineState, EngineStatus, OpenModel
from ui.session.tasks import Lane, Report, Tasks
from ui.wording import device_names

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

_BETWEEN_SECONDS = 0.1  # the window is told of progress ten times a second at most


class Proving(QObject):
    """Runs the proofs of the window in a lane of their own."""

    changed = Signal(object)  # OpenModel
    proved = Signal(object)  # OpenModel: there is a result, and something was learned

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers.proofs
        self._tasks = tasks
        self._stop: Stop | None = None
        self.running: OpenModel | None = None

    def start(self, model: OpenModel, request: Request, hardware: Hardware, reserve: Reserve) -> None:
        """Prove these settings at their limit; nothing where a proof runs already."""
        facts, plan = model.facts, model.plan
        if facts is None or plan is None or self.running is not None:
            return
        stop, counted = Stop(), model.beside.counted
        self._stop = stop
        self.running = model
        names = device_names(plan.memory, with_engines=True)
        model.proof = Proof(request, plan.settings, names, hardware.ram.usable_bytes)
        self.changed.emit(model)

        def work(report: Report) -> Proved:
            return self._answers.prove(facts, reserve, request, stop, Calmed(report), counted)

        self._tasks.run(
            work,
            on_result=lambda found: self._ended(model, ProofStatus.DONE, proved=found),
            on_error=lambda error: self._ended(model, ProofStatus.FAILED, error=error),
            on_cancelled=lambda: self._ended(model, ProofStatus.CANCELLED),
            on_progress=lambda event: self._told(model, event),
            lane=Lane.PROOF,
        )

    def stop(self) -> None:
        """End the running proof. It says `cancelled` when its process has ended."""
        model = self.running
        if model is None or self._stop is None or self._stop.is_asked:
            return
        if model.proof:
            model.proof = replace(model.proof, status=ProofStatus.STOPPING)
        self._stop.ask()
        self.changed.emit(model)

    def look_back(self, model: OpenModel, lane: Lane = Lane.QUICK) -> None:
        """Read the earlier proofs of this model."""
        facts = model.facts
        if facts is None:
            return

        def read(records: tuple[ProbeRecord, ...]) -> None:
            if records != model.proofs or model.proofs_error:
                model.proofs, model.proofs_error = records, None
                self.changed.emit(model)

        def unreadable(error: AdvisorError) -> None:
            model.proofs, model.proofs_error = (), error
            self.changed.emit(model)

        self._tasks.run(
            lambda _report: self._answers.proofs(facts), on_result=read, on_error=unreadable, lane=lane
        )

    def obstacle(self, model: OpenModel | None, engine: EngineState) -> str:
        """Why this model cannot be proved now, empty where it can. What to do about it is said elsewhere."""
        if model is None or model.plan is None or model.error:
            return self.tr("There is nothing to prove yet.")
        if model.lost:
            return model.lost.message
        if self.running is model:
            return self.tr("The proof is running.")
        if self.running is not None:
            return self.tr("{name} is being proved: one at a time.").format(name=self.running.name)
        return self._obstacle_of(engine)

    def _obstacle_of(self, engine: EngineState) -> str:
        if engine.status is EngineStatus.STARTING:
            return self.tr("llama.cpp is starting.")
        if engine.status is EngineStatus.ABSENT:
            return engine.problem.message if engine.problem else self.tr("There is no llama.cpp here.")
        return ""

    def _told(self, model: OpenModel, event: Event) -> None:
        if model.proof and model.proof.is_running:
            model.proof = after(model.proof, event)
            self.changed.emit(model)

    def _ended(
        self,
        model: OpenModel,
        status: ProofStatus,
        *,
        proved: Proved | None = None,
        error: AdvisorError | None = None,
    ) -> None:
        self.running = self._stop = None
        if model.proof:
            model.proof = replace(model.proof, status=status, proved=proved, error=error)
        self.changed.emit(model)
        if proved:
            self.proved.emit(model)
            self.look_back(model)


class Calmed:
    """Passes on what matters at once, and progress ten times a second at most."""

    def __init__(self, report: Callable[[Event], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._last: tuple[str, int] | None = None
        self._said_at = 0.0

    def __call__(self, event: Event) -> None:
        doing, now = (event.stage, event.n_ctx), self._clock()
        if event.attempt is None and doing == self._last and now - self._said_at < _BETWEEN_SECONDS:
            return
        self._last, self._said_at = doing, now
        self._report(event)
