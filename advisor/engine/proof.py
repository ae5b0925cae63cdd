"""What a real load answers: the types between the prover, which drives the worker, and the search above it.

A dry run says what would be allocated; these say what was, what it measured, and how fast it ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.engine.protocol import BufferBytes


class FillMethod(StrEnum):
    FULL = "full"  # every token decoded
    COPY = "copy"  # copies of one really decoded chunk, the last chunk decoded at full depth


@dataclass(frozen=True, slots=True)
class MemorySample:
    """The worker at one moment. `devices` is what ggml says is free on each GPU.

    `rss_bytes` is its resident memory, `mapped_bytes` the part of it that is mapped file, `peak_rss_bytes`
    the most so far, `data_bytes` what counts against the guard (VmData). None where the system does not tell.
    """

    rss_bytes: int | None
    mapped_bytes: int | None
    peak_rss_bytes: int | None
    data_bytes: int | None
    devices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """The worker now. `stage`: "loading" | "warming-up" | "allocating" | "filling" | "measuring"."""

    stage: str
    n_ctx: int = 0
    n_filled: int = 0
    tokens_per_second: float | None = None
    memory: MemorySample | None = None
    fraction: float | None = None  # of the model that is being loaded


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is really loaded and has decoded once, and the guard that was set after that.

    `guard_bytes` is the limit on the worker's own data, None where the system has no such limit.
    `warm_up_bytes` is what the first decodes left in it: threads, pools, and what a GPU's driver needed to
    build its kernels, unless it had them from an earlier process. None where the system does not tell.
    """

    seconds: float
    has_vocabulary: bool
    is_recurrent: bool
    is_hybrid: bool
    memory: MemorySample  # before the guard, warmed up, no context
    guard_bytes: int | None
    warm_up_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class SpeedPoint:
    """Tokens a second at a depth; None where it was not measured there."""

    depth: int
    prefill_tokens_per_second: float | None
    decode_tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """A context really allocated with the user's own settings, after a full ubatch and one token."""

    n_ctx: int
    buffers: tuple[BufferBytes, ...] | None  # the engine's own breakdown
    memory: MemorySample  # the most that was seen
    speed: SpeedPoint  # at depth 0
    seconds: float


@dataclass(frozen=True, slots=True)
class Filling:
    """A context that was filled to its last token.

    `state_bytes` is the size of sequence 0's saved state; `refused_one_more` whether a further token found no
    cell (None for models without such cells). `speed` is at each quarter; `measuring_seconds` of `seconds`
    went into that alone. `grown_bytes` is how much more RAM of its own the process held at full depth than
    with little in the context, `last_prompt_tokens` how many tokens were decoded at once there.
    """

    n_ctx: int
    filled_tokens: int
    method: FillMethod
    state_bytes: int
    refused_one_more: bool | None
    speed: tuple[SpeedPoint, ...]
    memory: MemorySample
    seconds: float
    measuring_seconds: float = 0.0
    grown_bytes: int | None = None
    last_prompt_tokens: int = 0
