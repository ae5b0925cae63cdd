"""`Event`: what a proof says while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.engine.proof import MemorySample
from advisor.probe.result import Attempt


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of a proof.

    `stage` is "planning", one of `Progress.stage`, or "attempt" when one has ended, which `attempt` then is.
    `n_ctx` is the context in question, `n_filled` how much of it is filled, `seconds_left` what that will
    still take, where it can be told. `peak_rss_bytes` is the most that the process held so far, `devices`
    what is in use of each GPU by its driver's account.
    """

    stage: str
    seconds: float
    n_ctx: int = 0
    n_filled: int = 0
    tokens_per_second: float | None = None
    seconds_left: float | None = None
    memory: MemorySample | None = None
    peak_rss_bytes: int | None = None
    devices: Mapping[str, int] = field(default_factory=dict)
    attempt: Attempt | None = None
    fraction: float | None = None  # of the model that is being loaded
