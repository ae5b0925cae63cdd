"""What the window knows of a proof, while it runs and afterwards. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from advisor.basis import Note
from advisor.errors import AdvisorError
from advisor.probe.events import Event
from advisor.probe.result import Attempt, ProbeResult
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request

# So many samples are drawn at most; more are thinned, which no eye sees.
MOST_SAMPLES = 240


class ProofStatus(StrEnum):
    RUNNING = "running"
    STOPPING = "stopping"  # asked to stop, not yet ended
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of a proof, for the live curves. None where nobody told."""

    seconds: float
    rss_bytes: int | None
    device_bytes: Mapping[str, int]
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof found, and why it was not kept in the history, if it was not."""

    result: ProbeResult
    not_kept: Note | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The last proof of one model in this window.

    `settings` are those of the page when it began; their context is what it searches. `devices` are the names
    of its devices by ggml's, the RAM last; `ceiling_bytes` is the most of that it may take. `proved` is there
    when it is done, `error` when it failed.
    """

    request: Request
    settings: LoadSettings
    devices: Mapping[str, str]
    ceiling_bytes: int
    status: ProofStatus = ProofStatus.RUNNING
    now: Event | None = None
    attempts: tuple[Attempt, ...] = ()
    samples: tuple[Sample, ...] = ()
    proved: Proved | None = None
    error: AdvisorError | None = field(default=None, compare=False)

    @property
    def n_gpus(self) -> int:
        return len(self.devices) - 1

    @property
    def is_running(self) -> bool:
        return self.status in {ProofStatus.RUNNING, ProofStatus.STOPPING}


def after(proof: Proof, event: Event) -> Proof:
    """The proof with what this event tells."""
    if event.attempt is not None:
        return replace(proof, attempts=(*proof.attempts, event.attempt))
    proof = replace(proof, now=event)
    if event.memory is None and event.tokens_per_second is None and not event.devices:
        return proof
    rss = event.memory.rss_bytes if event.memory else None
    sample = Sample(event.seconds, rss, event.devices, event.tokens_per_second)
    return replace(proof, samples=thinned((*proof.samples, sample)))


def thinned(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Every other sample where there are too many, with the first and the last."""
    if len(samples) <= MOST_SAMPLES:
        return samples
    return (*samples[:-1:2], samples[-1])
