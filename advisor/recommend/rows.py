"""The table of alternatives: for each choice of cache types and layers, the largest safe context."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.errors import SettingsError
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Alternative
from advisor.recommend.search import context_range, largest
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import RUNTIMES, resolve, runtime_named

# K and V types worth a row, by falling precision. Uneven pairs need a runtime that can say them.
CACHE_PAIRS = (("f16", "f16"), ("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_0", "q4_0"))

# With less than this on the GPU alone, a row with some layers on the CPU is worth showing.
SMALL_CONTEXT = 4096


class Planning(Protocol):
    """Whoever answers what a load takes: at once by formula, and as exactly as possible."""

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        """By formula, in under a millisecond."""

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        """By the engine where it can answer, else by formula."""


def with_cache_types(request: Request, cache_type_k: str, cache_type_v: str) -> Request:
    """`request` with those types, and with flash attention where a quantized V needs it to be asked for."""
    runtime = runtime_named(request.runtime)
    quantized_v = cache_type_v not in {"f32", "f16", "bf16"}
    flash_attn = request.flash_attn
    if flash_attn is None and runtime.flash_attn == "off" and quantized_v:
        flash_attn = "on"
    return replace(request, cache_type_k=cache_type_k, cache_type_v=cache_type_v, flash_attn=flash_attn)


def possible_pairs(request: Request) -> tuple[tuple[str, str], ...]:
    """The pairs that the runtime can express, those that the user named first."""
    runtime = RUNTIMES[runtime_named(request.runtime).name]
    pairs = [(k, v) for k, v in CACHE_PAIRS if k == v or not runtime.one_cache_type]
    if request.cache_type_k or request.cache_type_v:
        k = request.cache_type_k or (request.cache_type_v if runtime.one_cache_type else None) or "f16"
        v = request.cache_type_v or (k if runtime.one_cache_type else "f16")
        pairs = [(k, v), *(pair for pair in pairs if pair != (k, v))]
    return tuple(pairs)


def alternatives(
    request: Request, facts: ModelFacts, planner: Planning, *, has_gpu: bool
) -> tuple[Alternative, ...]:
    """One row per possible pair of cache types; more with layers on the CPU where the GPU is small.

    Pairs that the model's head size forbids are left out. Raises SettingsError if none is possible.
    """
    rows: list[Alternative] = []
    forbidden: SettingsError | None = None
    for k, v in possible_pairs(request):
        asked = with_cache_types(request, k, v)
        try:
            row = largest_row(asked, facts, planner)
        except SettingsError as error:
            forbidden = forbidden or error
            continue
        rows.append(row)
        if has_gpu and request.n_gpu_layers is None and row.n_ctx_max < min(SMALL_CONTEXT, facts.n_ctx_train):
            partial = _with_layers_on_cpu(asked, facts, planner)
            if partial and partial.n_ctx_max > row.n_ctx_max:
                rows.append(partial)
    if not rows and forbidden:
        raise forbidden
    return tuple(rows)


def largest_row(request: Request, facts: ModelFacts, planner: Planning) -> Alternative:
    """The largest context for exactly these settings: guessed by formula, confirmed by the engine."""
    span = context_range(request, facts)
    guess = largest(lambda n: planner.estimate(resolve(request, facts, n)).fits, span)
    plans: dict[int, MemoryPlan] = {}

    def fits(n_ctx: int) -> bool:
        if n_ctx not in plans:
            plans[n_ctx] = planner.plan(resolve(request, facts, n_ctx))
        return plans[n_ctx].fits

    best = largest(fits, span, guess=guess or span.step)
    plan = plans[best or span.step]
    above = plans.get(best + span.step)
    return Alternative(
        settings=plan.settings,
        n_ctx_max=plan.settings.n_ctx if best else 0,
        plan=plan,
        at_device_limit=above is not None and any(note.code == DEVICE_LIMIT for note in above.notes),
    )


def _with_layers_on_cpu(request: Request, facts: ModelFacts, planner: Planning) -> Alternative | None:
    """The row with as many layers on the GPU as leave room for a small context there, None if none does."""
    span = context_range(request, facts)
    n_ctx = max(span.step, min(SMALL_CONTEXT, span.highest))
    low, high = 0, facts.all_gpu_layers  # fits with `low` layers, or nothing does
    while high - low > 1:
        middle = (low + high) // 2
        asked = replace(request, n_gpu_layers=middle)
        if planner.estimate(resolve(asked, facts, n_ctx)).fits:
            low = middle
        else:
            high = middle
    row = largest_row(replace(request, n_gpu_layers=low), facts, planner)
    return row if row.n_ctx_max else None
