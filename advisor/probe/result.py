"""`ProbeResult`: the real limit of one model on this computer, what bound it, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.basis import Note
from advisor.engine.proof import FillMethod, SpeedPoint
from advisor.settings.load_settings import LoadSettings


class BoundBy(StrEnum):
    """Why the limit is where it is."""

    MEMORY = "memory"
    RESERVE = "reserve"
    TRAINING_CONTEXT = "training-context"
    REQUESTED = "requested"
    TIME = "time"


class Outcome(StrEnum):
    """How one attempt ended."""

    OK = "ok"
    REFUSED = "refused"
    OUT_OF_MEMORY = "out-of-memory"
    SPILLED = "spilled"
    KILLED = "killed"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One real allocation. `detail` is a sentence, empty for a success."""

    n_ctx: int
    outcome: Outcome
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a proof found.

    `limit_n_ctx` is the largest context that worked under the guard, no reserve subtracted on devices;
    `safe_n_ctx` the limit less the reserve, which we recommend. `settings` are those of the proved context,
    which was filled to `filled_tokens`. Bytes are by device as ggml names it, the host as "CPU"; a measured
    peak is None where nothing could measure it, and `measured_notes` say why. `host_overhead_bytes` is what
    the loaded worker held in RAM beside the weights before any context was made, None where nobody knows.
    """

    settings: LoadSettings
    limit_n_ctx: int
    bound_by: BoundBy
    safe_n_ctx: int
    proved_n_ctx: int
    filled_tokens: int
    method: FillMethod
    predicted_bytes: Mapping[str, int]
    measured_peak_bytes: Mapping[str, int | None]
    measured_notes: tuple[Note, ...]
    speed: tuple[SpeedPoint, ...]
    attempts: tuple[Attempt, ...]
    seconds: float
    host_overhead_bytes: int | None = None
