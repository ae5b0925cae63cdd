"""`prove`: the largest context of one model that really works on this computer, and the safe one below it.

Narrowed by dry run, then really allocated, one context after another, until the limit lies between two
neighbours; the largest is filled to its last token. What fails there counts as failed, and the search goes on
below. With a time limit half of it is for the search; the largest context that worked by then is filled, and
where the time ends during that the result says how far it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.probe.attempts import Attempts
from advisor.probe.budget import Budget
from advisor.probe.conclusion import conclude
from advisor.probe.driver_meter import DriverMeter
from advisor.probe.events import Event
from advisor.probe.failures import files_of
from advisor.probe.finding import Finding
from advisor.probe.lent_memory import lent_bytes
from advisor.probe.loading import Loading
from advisor.probe.lock import lock_folder, only_proof
from advisor.probe.peaks import Meter, Peaks
from advisor.probe.prediction import Prediction
from advisor.probe.proving import Proving
from advisor.probe.reporter import Reporter
from advisor.probe.result import ProbeResult
from advisor.probe.stop import Stop
from advisor.probe.task import task_of
from advisor.recommend.planning import Planning
from advisor.settings.request import Request


def prove(  # noqa: PLR0913 - what is to be proved, and what it is proved with
    facts: ModelFacts,
    hardware: Hardware,
    request: Request,
    planner: Planning,
    prover: Proving,
    *,
    fill: str = "auto",
    n_ctx: int | None = None,
    max_seconds: float | None = None,
    cap_bytes: int | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
    stop: Stop | None = None,
    release_engine: Callable[[], object] = lambda: None,
    meter: Meter | None = None,
    folder: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> ProbeResult:
    """Searches the limit of exactly the settings that `request` describes, and fills it.

    `n_ctx` is the context to prove, in the runtime's own word (see `Request.n_ctx`); only if it does not work
    is a smaller one searched. Without it the largest up to the training context is. `fill` is "auto", "copy"
    or "full". `cap_bytes` limits the worker's own memory. `release_engine` ends the dry-run process, whose
    driver holds memory. `stop` ends everything from any thread. The prover is closed at the end, however that
    comes.

    Raises UsageError (no file, another proof running), ProbeFailed, EngineMissing or EngineUnfit, Cancelled.
    """
    stop = stop or Stop()
    stop.calls(prover.cancel)
    files_of(facts)  # before anything is started for a model without weights
    task = task_of(facts, hardware, request, planner, n_ctx=n_ctx, fill=fill, cap_bytes=cap_bytes)
    budget = Budget(max_seconds, clock)

    with only_proof(folder or lock_folder()):
        try:
            on_event(Event("planning", budget.seconds))
            prediction = Prediction(task)
            guess = task.span.highest if n_ctx else prediction.first()
            release_engine()
            stop.go_on()
            peaks = Peaks(meter or DriverMeter(hardware, lent_bytes=lambda: lent_bytes(prover.pid)))
            reporter = Reporter(on_event, budget, stop, peaks, prover.cancel)
            loading = Loading(task, prover, release_engine, peaks, reporter, budget, stop)
            attempts = Attempts(task, prover, loading, peaks, reporter, budget)
            with peaks.sampling(), budget.alarm(prover.cancel):
                found = Finding(task, attempts, prediction).run(guess)
            seconds = budget.seconds
            prover.close()  # before the dry run is asked again
            return conclude(found, task, attempts, seconds)
        finally:
            prover.close()
