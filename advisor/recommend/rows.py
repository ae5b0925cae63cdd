"""The table of alternatives: for each choice of cache types and places, the largest safe context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.cpu_placement import cpu_placements
from advisor.recommend.gpu_placement import gpu_placements
from advisor.recommend.planning import Planning
from advisor.recommend.result import Alternative
from advisor.recommend.row import described, is_dominated, largest_row
from advisor.recommend.search import context_range
from advisor.settings.request import Request
from advisor.settings.runtimes import RUNTIMES, asked_n_ctx, runtime_named

__all__ = ["Planning", "alternatives", "largest_row", "possible_pairs", "with_cache_types"]

# K and V types worth a row, by falling precision. Uneven pairs need a runtime that can say them.
CACHE_PAIRS = (("f16", "f16"), ("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_0", "q4_0"))


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
    request: Request,
    facts: ModelFacts,
    hardware: Hardware,
    planner: Planning,
    wish: int,
    accepted: tuple[tuple[str, str], ...],
) -> tuple[Alternative, ...]:
    """One row per possible pair of cache types, and for the `accepted` pairs the other places worth showing.

    Those spread the load otherwise over several GPUs or, where the GPUs do not hold `wish` (in the runtime's
    own word), move as little as possible off them. They are left out where another row is as good in
    everything. Pairs that the model's head size forbids are left out. Raises SettingsError if none is
    possible.
    """
    plain: list[Alternative] = []
    placed: list[Alternative] = []
    forbidden: SettingsError | None = None
    for k, v in possible_pairs(request):
        asked = with_cache_types(request, k, v)
        try:
            row = described(largest_row(asked, facts, planner), facts, hardware)
        except SettingsError as error:
            forbidden = forbidden or error
            continue
        plain.append(row)
        if (k, v) in accepted and hardware.gpus:
            found = _placed(asked, row, facts, hardware, planner, wish)
            placed.extend(described(other, facts, hardware) for other in found if other.n_ctx_max)
    if not plain and forbidden:
        raise forbidden
    return (*plain, *_worth_showing(placed, plain))


def _placed(
    asked: Request,
    row: Alternative,
    facts: ModelFacts,
    hardware: Hardware,
    planner: Planning,
    wish: int,
) -> Iterator[Alternative]:
    """The same cache types in other places; `row` is the one that leaves the places to the runtime."""
    holds_wish = _holds(row, asked, wish)
    for other in gpu_placements(asked, facts, hardware, planner, wish):
        found = largest_row(other, facts, planner)
        holds_wish = holds_wish or _holds(found, asked, wish)
        yield found
    if not holds_wish and not asked.gpu_only:
        step = context_range(asked, facts).step
        for other in cpu_placements(asked, facts, hardware, planner, wish, step):
            yield largest_row(other, facts, planner)


def _holds(row: Alternative, request: Request, wish: int) -> bool:
    return bool(row.n_ctx_max) and asked_n_ctx(request, row.settings) >= wish


def _worth_showing(placed: list[Alternative], plain: list[Alternative]) -> list[Alternative]:
    """In the order they came, without those that another row, or one before that stays, makes needless."""
    kept: list[Alternative] = []
    for index, row in enumerate(placed):
        others = [*plain, *kept, *(o for o in placed[index + 1 :] if not is_dominated(o, row))]
        if not any(is_dominated(row, other) for other in others if other.n_ctx_max):
            kept.append(row)
    return kept
