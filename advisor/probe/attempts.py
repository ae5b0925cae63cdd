"""`Attempts`: contexts really allocated, one after the other, each judged and recorded."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import Allocation, Filling, FillMethod
from advisor.errors import EngineError
from advisor.memory.plan import MemoryPlan
from advisor.probe import outcomes, spill
from advisor.probe.budget import Budget
from advisor.probe.failures import not_loaded
from advisor.probe.loading import Loading
from advisor.probe.measured import Measured, measured
from advisor.probe.peaks import Peaks
from advisor.probe.prediction import Headroom, headroom
from advisor.probe.proving import Proving
from advisor.probe.reporter import Reporter
from advisor.probe.result import Attempt, Outcome
from advisor.probe.room import RAM
from advisor.probe.task import Task
from advisor.settings.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class Worked:
    """A context that was really there, what it measured and what it left."""

    settings: LoadSettings
    plan: MemoryPlan
    allocation: Allocation
    measured: Measured
    left: Headroom


class Attempts:
    """Tries contexts of the model that `loading` loads. `made` are all attempts, in order."""

    def __init__(
        self,
        task: Task,
        prover: Proving,
        loading: Loading,
        peaks: Peaks,
        reporter: Reporter,
        budget: Budget,
    ) -> None:
        self._task = task
        self._prover = prover
        self._peaks = peaks
        self._fastest: float | None = None  # decode with an empty context, of those that worked
        self._small: LoadSettings | None = None  # the smallest that worked
        self.loading = loading
        self.reporter = reporter
        self.budget = budget
        self.made: list[Attempt] = []
        self.device_limit: str | None = None
        self.was_killed = False

    def attempt(self, settings: LoadSettings) -> Worked | None:
        """Allocates a context, None if it does not fit. Raises as `Loading.load`."""
        self.loading.go_on()
        plan = self._task.planner.plan(settings)
        self.loading.load(settings)
        self._peaks.reset()
        started = self.budget.seconds
        try:
            with self.loading.calling():
                allocation = self._prover.allocate(settings, self.reporter.progress)
        except EngineError as error:
            self.failed(settings, error, started)
            return None
        self._peaks.sample()
        self._peaks.saw(allocation.memory)
        guard = self.loading.guard_bytes
        found = measured(plan, self._peaks, allocation.memory, self._task.room.shared, guard)
        outcome, sentence = self._judged(settings, plan, allocation, found)
        self._record(settings, outcome, sentence, started)
        if outcome is not Outcome.OK:
            return None
        if self._small is None or settings.n_ctx < self._small.n_ctx:
            self._small = settings
        speed = allocation.speed.decode_tokens_per_second
        self._fastest = max((s for s in (speed, self._fastest) if s is not None), default=None)
        left = headroom(guard, allocation.memory, self._free_now(found))
        return Worked(settings, plan, allocation, found, left)

    def fill(self, worked: Worked, method: FillMethod, extra_bytes: int) -> Filling:
        """Fills a context that worked. Raises EngineError leaves, and as `attempt` otherwise."""
        self.loading.load(worked.settings, extra_bytes)
        self.reporter.n_filled = 0
        with self.loading.calling():
            return self._prover.fill(worked.settings, method, self.reporter.progress)

    def failed(self, settings: LoadSettings, error: EngineError, started: float, doing: str = "") -> None:
        """Records a failure of this context; raises the error as ProbeFailed if it is of another kind."""
        if changed := self.loading.changed_files():
            raise changed from error
        if not outcomes.is_of_this_context(error):
            raise not_loaded(error) from error
        outcome, detail = outcomes.outcome_of(error), outcomes.detail_of(error)
        if error.code == DEVICE_LIMIT:
            self.device_limit = detail
        self.was_killed = self.was_killed or outcome is Outcome.KILLED
        self._record(settings, outcome, f"{doing}{detail}", started)
        self.loading.restart()

    def spilled(self, settings: LoadSettings, sentence: str, started: float) -> None:
        """Records a fill that looked like a success."""
        self._record(settings, Outcome.SPILLED, sentence, started)

    def _judged(
        self, settings: LoadSettings, plan: MemoryPlan, allocation: Allocation, found: Measured
    ) -> tuple[Outcome, str]:
        """What an allocation that succeeded is worth."""
        spilled = (
            spill.beyond_the_device(plan, found.peak_bytes)
            or spill.in_shared_memory(plan, self._peaks.before.shared_bytes, self._peaks.shared_bytes)
            or self._slower(settings, allocation)
        )
        if spilled:
            return Outcome.SPILLED, spilled
        if beside := spill.beyond_the_free(plan, self._task.room.devices):
            return Outcome.OUT_OF_MEMORY, beside
        return Outcome.OK, ""

    def _slower(self, settings: LoadSettings, allocation: Allocation) -> str | None:
        """Whether it is slow for its size. Both are measured again: the machine may have been busy."""
        here = allocation.speed.decode_tokens_per_second
        if self._small is None or not spill.slower_than_smaller(self._fastest, here, settings.n_ctx):
            return None
        small = self._measured_again(self._small)
        if not spill.slower_than_smaller(small, here, settings.n_ctx):
            return None
        return spill.slower_than_smaller(small, self._measured_again(settings) or here, settings.n_ctx)

    def _measured_again(self, settings: LoadSettings) -> float | None:
        """Tokens a second of an empty context; None if it cannot be had now."""
        try:
            with self.loading.calling():
                again = self._prover.allocate(settings, self.reporter.progress)
        except EngineError:
            self.loading.restart()
            return None
        return again.speed.decode_tokens_per_second

    def _record(self, settings: LoadSettings, outcome: Outcome, detail: str, started: float) -> None:
        attempt = Attempt(settings.n_ctx, outcome, detail, round(self.budget.seconds - started, 3))
        self.made.append(attempt)
        self.reporter.attempt(attempt)

    def _free_now(self, found: Measured) -> dict[str, int]:
        """What the load left of each GPU whose figures can be trusted."""
        return {
            name: self._task.room.devices[name] - n_bytes
            for name, n_bytes in found.peak_bytes.items()
            if name != RAM and n_bytes is not None and name in self._task.room.devices
        }
