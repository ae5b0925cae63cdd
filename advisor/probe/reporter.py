"""`Reporter`: what is said while a proof runs, and what may end a call in the middle of it."""

from __future__ import annotations

from collections.abc import Callable

from advisor.engine.proof import Progress
from advisor.probe.budget import Budget
from advisor.probe.events import Event
from advisor.probe.peaks import Peaks
from advisor.probe.result import Attempt
from advisor.probe.stop import Stop


class Reporter:
    """Turns the worker's progress into events; cancels the call when the user or the time says so."""

    def __init__(
        self,
        on_event: Callable[[Event], None],
        budget: Budget,
        stop: Stop,
        peaks: Peaks,
        cancel: Callable[[], None],
    ) -> None:
        self._on_event = on_event
        self._budget = budget
        self._stop = stop
        self._peaks = peaks
        self._cancel = cancel
        self._peak_rss: int | None = None
        self.n_filled = 0  # in the fill that runs or ran last

    def stage(self, stage: str, n_ctx: int = 0) -> None:
        self._on_event(Event(stage, self._budget.seconds, n_ctx))

    def attempt(self, attempt: Attempt) -> None:
        self._on_event(Event("attempt", self._budget.seconds, attempt.n_ctx, attempt=attempt))

    def progress(self, now: Progress) -> None:
        """Called by the prover from the thread that waits for the worker."""
        memory = now.memory
        if memory is not None:
            self._peaks.saw(memory)
            seen = [n for n in (memory.rss_bytes, memory.peak_rss_bytes, self._peak_rss) if n is not None]
            self._peak_rss = max(seen, default=None)
        seconds_left = None
        if now.stage == "filling":
            self.n_filled = now.n_filled
            if now.tokens_per_second:
                seconds_left = max(0, now.n_ctx - now.n_filled) / now.tokens_per_second
        self._on_event(
            Event(
                stage=now.stage,
                seconds=self._budget.seconds,
                n_ctx=now.n_ctx,
                n_filled=now.n_filled,
                tokens_per_second=now.tokens_per_second,
                seconds_left=seconds_left,
                memory=memory,
                peak_rss_bytes=self._peak_rss,
                devices=self._peaks.now.devices,
                fraction=now.fraction,
            )
        )
        if self._stop.is_asked or self._budget.is_over:
            self._cancel()
