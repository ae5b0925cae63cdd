"""`Attempts`: contexts really allocated, one after the other, each judged and recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.proof import Allocation, Filling, FillMethod, LoadedModel
from advisor.engine.protocol import OpenModel
from advisor.errors import Cancelled, EngineError
from advisor.hardware.device import Hardware
from advisor.memory.assemble import targets
from advisor.memory.placement import used_gpus
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.probe import outcomes, spill
from advisor.probe.budget import Budget
from advisor.probe.failures import Stamp, changed_files, files_of, not_loaded
from advisor.probe.measured import Measured, Peaks, measured
from advisor.probe.prediction import Headroom, headroom
from advisor.probe.proving import Proving
from advisor.probe.reporter import Reporter
from advisor.probe.result import Attempt, Outcome
from advisor.probe.room import RAM
from advisor.probe.stop import Stop
from advisor.probe.task import Task
from advisor.settings.load_settings import LoadSettings


class TimeIsUp(Exception):
    """The proof's own time ran out during a call."""


@dataclass(frozen=True, slots=True)
class Worked:
    """A context that was really there, what it measured and what it left."""

    settings: LoadSettings
    plan: MemoryPlan
    allocation: Allocation
    measured: Measured
    left: Headroom


class Attempts:
    """Loads the model when it must, and tries contexts. The dry-run engine is let go before each."""

    def __init__(
        self,
        task: Task,
        prover: Proving,
        release_engine: Callable[[], object],
        peaks: Peaks,
        reporter: Reporter,
        budget: Budget,
        stop: Stop,
    ) -> None:
        self._task = task
        self._prover = prover
        self._release_engine = release_engine
        self._peaks = peaks
        self._stop = stop
        self._stamp: Stamp = files_of(task.facts)
        self._extra_bytes = 0
        self._fastest: float | None = None  # decode with an empty context, of those that worked
        self._loaded: LoadedModel | None = None
        self._small: LoadSettings | None = None  # the smallest that worked
        self.reporter = reporter
        self.budget = budget
        self.made: list[Attempt] = []
        self.device_limit: str | None = None
        self.was_killed = False

    def load(self, settings: LoadSettings, extra_bytes: int = 0) -> None:
        """Loads the model unless it is there, with the guard so much higher.

        Raises ProbeFailed, EngineMissing, EngineUnfit, Cancelled, TimeIsUp.
        """
        if self._prover.is_loaded:
            if self._extra_bytes == extra_bytes:
                return
            self.restart()
        self._stop.go_on()
        usable = self._task.hardware.ram.usable_bytes - self._companions_in_ram(settings)
        self._release_engine()
        try:
            self._load(settings, max(0, usable), extra_bytes, warm_up=settings)
        except Cancelled:
            raise self._why_cancelled() from None
        except EngineError as error:
            raise changed_files(self._task.facts, self._stamp) or not_loaded(error) from error
        self._extra_bytes = extra_bytes
        if changed := changed_files(self._task.facts, self._stamp):
            raise changed

    def _load(
        self, settings: LoadSettings, usable_bytes: int, extra_bytes: int, warm_up: LoadSettings | None
    ) -> None:
        """One load; a second one, not warmed up at depth, where a driver's kernels for that did not fit."""
        info = self._prover.hello()
        self._peaks.free_before = {device.name: device.free_bytes for device in info.devices}
        try:
            self._loaded = self._prover.load(
                open_request(self._task.facts, self._task.hardware, settings),
                use_mmap=settings.use_mmap,
                host_usable_bytes=usable_bytes + extra_bytes,
                cap_bytes=None if self._task.cap_bytes is None else self._task.cap_bytes + extra_bytes,
                warm_up=warm_up,
                on_progress=self.reporter.progress,
            )
        except EngineError as error:
            is_changed = changed_files(self._task.facts, self._stamp) is not None
            if warm_up is None or is_changed or not outcomes.is_of_this_context(error):
                raise
            self.restart()
            self._stop.go_on()
            self._load(settings, usable_bytes, extra_bytes, warm_up=None)

    def restart(self) -> None:
        """Ends the process: what failed in it may have left its memory in pieces."""
        self._prover.close()
        self._peaks.settle()

    @property
    def left_by_load(self) -> int | None:
        """Bytes under the guard when the model was loaded and nothing else; None without a guard."""
        if self._loaded is None or self._loaded.guard_bytes is None:
            return None
        data = self._loaded.memory.data_bytes
        return None if data is None else max(0, self._loaded.guard_bytes - data)

    @property
    def loaded_rss_bytes(self) -> int | None:
        """What the worker held in RAM when the model was loaded and had decoded once, without a context."""
        return self._loaded.memory.rss_bytes if self._loaded else None

    def attempt(self, settings: LoadSettings) -> Worked | None:
        """Allocates a context, None if it does not fit. Raises as `load`, and TimeIsUp."""
        self._stop.go_on()
        plan = self._task.planner.plan(settings)
        self.load(settings)
        self._stop.go_on()
        self._release_engine()
        self._peaks.reset()
        started = self.budget.seconds
        try:
            allocation = self._prover.allocate(settings, self.reporter.progress)
        except Cancelled:
            raise self._why_cancelled() from None
        except EngineError as error:
            self.failed(settings, error, started)
            return None
        self._peaks.sample()
        self._peaks.saw(allocation.memory)
        guard = self._loaded.guard_bytes if self._loaded else None
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
        self.load(worked.settings, extra_bytes)
        self._stop.go_on()
        self._release_engine()
        self.reporter.n_filled = 0
        try:
            return self._prover.fill(worked.settings, method, self.reporter.progress)
        except Cancelled:
            raise self._why_cancelled() from None

    def failed(self, settings: LoadSettings, error: EngineError, started: float, doing: str = "") -> None:
        """Records a failure of this context; raises the error as ProbeFailed if it is of another kind."""
        if changed := changed_files(self._task.facts, self._stamp):
            raise changed from error
        if not outcomes.is_of_this_context(error):
            raise not_loaded(error) from error
        outcome, detail = outcomes.outcome_of(error), outcomes.detail_of(error)
        if error.code == DEVICE_LIMIT:
            self.device_limit = detail
        self.was_killed = self.was_killed or outcome is Outcome.KILLED
        self._record(settings, outcome, f"{doing}{detail}", started)
        self.restart()

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
        """Whether it is slow for its size. The smaller one is measured again: the machine may be busy."""
        here = allocation.speed.decode_tokens_per_second
        if self._small is None or not spill.slower_than_smaller(self._fastest, here, settings.n_ctx):
            return None
        try:
            again = self._prover.allocate(self._small, self.reporter.progress)
        except Cancelled:
            raise self._why_cancelled() from None
        except EngineError:
            self.restart()
            return None
        return spill.slower_than_smaller(again.speed.decode_tokens_per_second, here, settings.n_ctx)

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

    def _companions_in_ram(self, settings: LoadSettings) -> int:
        """What is loaded beside the model in daily use is kept free for it."""
        lines = self._task.planner.plan(settings).memory
        return sum(
            line.companions_bytes
            for line in lines
            if line.device == RAM or line.device in self._task.room.shared
        )

    def _why_cancelled(self) -> Exception:
        if self._stop.is_asked or not self.budget.is_over:
            return Cancelled()
        return TimeIsUp()


def open_request(facts: ModelFacts, hardware: Hardware, settings: LoadSettings) -> OpenModel:
    """The load that the exported settings describe, with its vocabulary, on the devices that were planned."""
    names = tuple(target.name for target in used_gpus(settings, targets(hardware)))
    return OpenModel(
        path=str(facts.shards[0] if facts.shards else facts.path),
        n_gpu_layers=settings.n_gpu_layers,
        n_cpu_moe=settings.n_cpu_moe,
        override_tensor=settings.override_tensor,
        tensor_split=settings.tensor_split,
        split_mode=settings.split_mode,
        main_gpu=settings.main_gpu,
        devices=names,
    )
