"""`Recommendation`: the answer, whole: settings, plan, reasons, what else there is, and what it buys."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from advisor.basis import Basis, Note
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request


@dataclass(frozen=True, slots=True)
class Patience:
    """How long someone waits, and how slowly the answer may come.

    `is_said`: a person said it for this one answer, which then tells what it did; else it is the goal's own.
    """

    seconds_to_first_token: float
    tokens_per_second: float
    is_said: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the person wants the model for (presets/goals.toml).

    `n_ctx` is the context per user it wants, None for as much as there is. `cache_types` are the K/V
    types it accepts, best first: a later one is taken only if it is needed to reach the wish. Without
    `patience` any speed will do.
    """

    name: str
    title: str
    description: str
    n_ctx: int | None
    users: int
    cache_types: tuple[str, ...]
    patience: Patience | None = None


@dataclass(frozen=True, slots=True)
class DecodeSpeed:
    """Tokens per second of one slot when `depth` tokens are already in its cache.

    Where it is estimated, `tokens_per_second` is the cautious end of a range and `high` the hopeful one.
    """

    depth: int
    tokens_per_second: float
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FirstToken:
    """Seconds until the answer to a prompt of so many tokens begins, soonest and latest."""

    prompt_tokens: int
    low_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast it will be. None where nothing is known that could carry a figure."""

    prefill_tokens_per_second: float | None
    decode: tuple[DecodeSpeed, ...]
    time_to_first_token_s: float | None  # of a prompt that fills the recommended context
    basis: Basis
    prefill_high: float | None = None  # where it is estimated: the hopeful end of the range
    time_to_first_token_low_s: float | None = None
    first_token: tuple[FirstToken, ...] = ()  # by prompt length, up to the recommended context


@dataclass(frozen=True, slots=True)
class Alternative:
    """One row of the table: the largest safe context for one choice of cache types and layers.

    `n_ctx_max` is 0 where not even the smallest context fits; `plan` is then the one that fails.
    `at_device_limit`: not memory forbids more, but a GPU that cannot work on so large a cache. `request` is
    what asks for this row. `speed` is at an empty and at a full context. `quality` says what the cache types
    cost in precision, `steps` how many settings a person has to change for it in this runtime.
    """

    settings: LoadSettings
    n_ctx_max: int
    plan: MemoryPlan
    at_device_limit: bool = False
    request: Request | None = None
    speed: tuple[DecodeSpeed, ...] = ()
    quality: Note | None = None
    steps: int = 1

    @property
    def verdict(self) -> Verdict:
        return self.plan.verdict

    @property
    def cache_types(self) -> tuple[str, str]:
        """Of K and of V."""
        return self.settings.cache_type_k, self.settings.cache_type_v


class Cost(StrEnum):
    """What a lever costs a person besides memory, from least to most."""

    LITTLE = "little"  # nothing that most people would notice
    SOME = "some"  # of the cache's precision, or of speed
    HEAVY = "heavy"  # writing becomes much slower, or it is another model file


@dataclass(frozen=True, slots=True)
class Lever:
    """Something the person could change, and what it buys.

    `text` is the whole sentence, `title` what to change and `detail` what else it does ("about 15 % slower").
    `request` asks for it; without one it is done elsewhere, by `command` where there is one.
    """

    code: str
    text: str
    gain_tokens: int
    gain_bytes: int
    title: str = ""
    detail: str = ""
    request: Request | None = None
    command: str | None = None
    cost: Cost = Cost.LITTLE


@dataclass(frozen=True, slots=True)
class WhatIfType:
    """A cache type, or a pair "K/V", that only a fork of llama.cpp has, and what it would hold by formula.

    `bytes_per_token` is what the cache grows by with each token. `note` says what is known of the type.
    """

    name: str
    fork: str
    bytes_per_token: int
    n_ctx_max: int
    note: Note


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What the runtime would do by itself, and what that costs."""

    runtime: str
    n_ctx: int
    plan: MemoryPlan
    text: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The best settings here for a goal.

    `n_ctx` is what we recommend: the smallest of the goal's wish, `n_ctx_safe`, the largest that fits with
    these settings, and `n_ctx_comfortable`, the largest that meets the goal's patience when it is full. The
    last is None where the speed is not known or only assumed, no context is fast enough or any speed will do;
    it does not lower a context that was asked for.
    """

    model: ModelFacts
    hardware: Hardware
    goal: Goal
    if_you_change_nothing: Unchanged
    settings: LoadSettings
    plan: MemoryPlan
    n_ctx: int
    n_ctx_safe: int
    n_ctx_comfortable: int | None
    reasons: tuple[Note, ...]
    speed: Speed
    alternatives: tuple[Alternative, ...]
    levers: tuple[Lever, ...]
    what_if_types: tuple[WhatIfType, ...] = ()
    nearest: Alternative | None = None  # where nothing fits: what would, if it is a matter of settings
