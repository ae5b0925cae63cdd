"""`Finding`: attempts until the limit is found, and the fill that proves it."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.basis import Note
from advisor.engine.proof import Filling, FillMethod
from advisor.errors import EngineError
from advisor.probe import spill
from advisor.probe.attempts import Attempts, Worked
from advisor.probe.failures import nothing_worked, time_is_up
from advisor.probe.filling import ways
from advisor.probe.loading import TimeIsUp
from advisor.probe.prediction import Prediction
from advisor.probe.search import Bracket, next_context
from advisor.probe.task import Task
from advisor.speed import decoding
from advisor.units import format_bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The limit, in the runtime's own word, and its fill; None where the time ended before that was full."""

    n_ctx: int
    worked: Worked
    filling: Filling | None
    method: FillMethod
    n_filled: int
    is_cut_short: bool
    notes: tuple[Note, ...]


class Finding:
    """One search. Raises what `prove` raises."""

    def __init__(self, task: Task, attempts: Attempts, prediction: Prediction) -> None:
        self._task = task
        self._attempts = attempts
        self._prediction = prediction
        self._guess = 0
        self._worked: dict[int, Worked] = {}
        self._method = FillMethod.FULL
        self._fillings: dict[int, Filling] = {}
        self._fills_each = False  # once a context that could be allocated could not be filled
        self._notes: list[Note] = []
        self._is_cut_short = False

    def run(self, guess: int) -> Found:
        """From the expected limit to the found one."""
        self._guess = guess
        known = Bracket.over(self._task.span.step, self._task.span.highest)
        try:
            self._guess = self._once_loaded(guess)
            known = self._baseline(known)
            while True:
                known = self._searched(known)
                if not known.low:
                    raise nothing_worked(self._attempts.made)
                filling = self._fillings.get(known.low) or self._filled(known.low)
                if filling is not None:
                    return self._found(known.low, filling)
                # From now on only what is filled has worked.
                self._fills_each = True
                self._worked.clear()
                known = known.with_failure(known.low, low=0)
        except TimeIsUp:
            if not self._worked:
                raise time_is_up(self._attempts.budget.seconds) from None
            self._is_cut_short = True
            return self._found(max(self._worked), None)

    def _found(self, n_ctx: int, filling: Filling | None) -> Found:
        n_filled = filling.filled_tokens if filling else self._attempts.reporter.n_filled
        return Found(
            n_ctx,
            self._worked[n_ctx],
            filling,
            filling.method if filling else self._method,
            n_filled,
            self._is_cut_short,
            tuple(self._notes),
        )

    def _once_loaded(self, guess: int) -> int:
        """Loads the model; the expected limit by what that left."""
        loading, settings = self._attempts.loading, self._task.at(guess)
        loading.load(settings)
        expected = self._prediction.once_loaded(loading.left_by_load)
        if expected is not None and expected < guess and loading.has_built_kernels:
            # As in daily use: from now on the driver has them in its cache.
            text = "The GPU's driver built its kernels first; the model was then loaded again without that."
            self._notes.append(Note("kernels-built", text))
            loading.restart()
            loading.load(settings)
            expected = self._prediction.once_loaded(loading.left_by_load)
        return guess if expected is None or self._task.wanted else expected

    def _baseline(self, known: Bracket) -> Bracket:
        """Where a GPU takes part, its speed with a small context comes first: without that nobody can tell
        memory that was moved elsewhere."""
        step = self._task.span.step
        settings = self._task.at(step)
        on_gpu = any(line.buffers.total_bytes for line in self._task.planner.estimate(settings).memory[:-1])
        if not on_gpu or self._guess <= step:
            return known
        return self._tried(known, step)

    def _searched(self, known: Bracket) -> Bracket:
        """Attempts until the limit lies between two neighbours, or the search's time is over."""
        while not known.is_settled:
            if self._attempts.budget.is_over or (known.low and self._attempts.budget.search_is_over):
                self._is_cut_short = True
                return known
            known = self._tried(known, next_context(known, self._guess))
        return known

    def _tried(self, known: Bracket, n_ctx: int) -> Bracket:
        as_expected = n_ctx == self._guess // known.step * known.step
        worked = self._attempts.attempt(self._task.at(n_ctx))
        if worked is None:
            return known.with_failure(n_ctx)
        self._worked[n_ctx] = worked
        if self._fills_each:
            filling = self._filled(n_ctx)
            if filling is None:
                del self._worked[n_ctx]
                return known.with_failure(n_ctx)
            self._fillings[n_ctx] = filling
        after = self._prediction.after(n_ctx, worked.left)
        # What the first context showed is less than what it hides: pools and kernels came with it.
        self._guess = min(self._guess, after) if n_ctx < self._guess and len(self._worked) == 1 else after
        return known.with_success(n_ctx, as_expected=as_expected)

    def _filled(self, n_ctx: int) -> Filling | None:
        """The filled context; None if it does not hold to its last token. Raises TimeIsUp."""
        worked = self._worked[n_ctx]
        chosen = ways(worked, self._task)
        for way in chosen:
            self._method = way.method
            started = self._attempts.budget.seconds
            try:
                filling = self._attempts.fill(worked, way.method, way.extra_bytes)
                if spill.collapse(filling.speed, self._bytes_read(worked, filling)):
                    # Once more, before that is believed: the machine may have been busy.
                    filling = self._attempts.fill(worked, way.method, way.extra_bytes)
            except EngineError as error:
                if way is not chosen[-1]:
                    text = f"It was filled token by token, since copies were not possible: {error.message}"
                    self._notes.append(Note("filled-plainly", text))
                    self._attempts.loading.restart()
                    continue
                doing = "While the context was being filled: "
                self._attempts.failed(worked.settings, error, started, doing)
                return None
            if sentence := spill.collapse(filling.speed, self._bytes_read(worked, filling)):
                self._attempts.spilled(worked.settings, sentence, started)
                return None
            if way.extra_bytes and filling.method is FillMethod.COPY:
                extra = format_bytes(way.extra_bytes)
                text = f"While it was filled by copies the process was allowed {extra} more."
                self._notes.append(Note("copies-beside", text))
            return filling
        return None

    def _bytes_read(self, worked: Worked, filling: Filling) -> dict[int, int]:
        """What one token reads at each depth, where all of it lies on GPUs of their own."""
        lines = worked.plan.memory
        if lines[-1].buffers.kv_cache_bytes or any(line.shares_ram for line in lines[:-1]):
            return {}
        writing = decoding(self._task.facts, worked.settings, self._task.hardware)
        if writing is None:
            return {}
        depths = [point.depth for point in filling.speed]
        return {depth: writing.weights_bytes + writing.cache_bytes(depth) for depth in depths}
