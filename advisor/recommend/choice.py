"""The choice of one row: by the goal's precision, on the GPU before the CPU, with fewer steps before more."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.cache_pairs import possible_pairs
from advisor.recommend.comfort import comfortable
from advisor.recommend.cpu_placement import moves_to_cpu
from advisor.recommend.result import Alternative, Goal
from advisor.recommend.row import is_faster
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx
from advisor.speed import decoding

# With less than this on the GPUs alone a conversation hardly begins: then any row that holds more is better.
SMALL_CONTEXT = 4096
# Layers on the CPU cost most of the speed: they must at least double what is comfortable of the wish.
_WORTH_THE_CPU = 2


def accepted_pairs(request: Request, goal: Goal) -> tuple[tuple[str, str], ...]:
    """The K and V types to choose from, best first: those of the request, else those of the goal."""
    if request.cache_type_k or request.cache_type_v:
        return possible_pairs(request)[:1]
    return tuple((cache_type, cache_type) for cache_type in goal.cache_types)


def choose(
    rows: tuple[Alternative, ...],
    request: Request,
    goal: Goal,
    wish: int,
    facts: ModelFacts,
    hardware: Hardware,
) -> Alternative:
    """The row to recommend; `wish` is in the runtime's own word, rows[0] leaves the places to the runtime.

    Of the accepted cache types the most precise whose rows hold the wish on the GPUs, with the fewest steps,
    and of equal ones the fastest. If none does, the one that holds most there, unless something on the CPU
    serves much more of the wish at a speed that meets the goal's patience, or the GPUs hold next to nothing.
    """
    pairs = accepted_pairs(request, goal)
    candidates = [row for pair in pairs for row in rows if row.cache_types == pair] or list(rows)
    beside = [row for row in candidates if moves_to_cpu(row.settings, rows[0].settings)]
    on_gpu = [row for row in candidates if row not in beside] or candidates
    holding = [row for row in on_gpu if word(row, request) >= wish]
    if holding:
        return _easiest([row for row in holding if row.cache_types == holding[0].cache_types])
    most = max(on_gpu, key=lambda row: (word(row, request), -row.steps))
    if not beside:
        return most

    def held(row: Alternative) -> int:
        return min(wish, word(row, request))

    def served(row: Alternative) -> int:
        return min(held(row), _comfortable(row, request, goal, facts, hardware))

    other = max(beside, key=lambda row: (served(row), held(row)))
    if served(other) > 0 and served(other) >= _WORTH_THE_CPU * served(most):
        return other
    is_small = word(most, request) < min(SMALL_CONTEXT, wish)
    return other if is_small and held(other) > held(most) else most


def _easiest(rows: list[Alternative]) -> Alternative:
    """Of rows that all hold enough: with the fewest steps, then the fastest, then the first."""
    fewest = min(row.steps for row in rows)
    best, *others = (row for row in rows if row.steps == fewest)
    for row in others:
        if is_faster(row, best):
            best = row
    return best


def word(row: Alternative, request: Request) -> int:
    """The row's largest context in the runtime's own word (see `Request.n_ctx`), 0 if nothing fits."""
    return asked_n_ctx(request, row.settings) if row.n_ctx_max else 0


def _comfortable(
    row: Alternative, request: Request, goal: Goal, facts: ModelFacts, hardware: Hardware
) -> int:
    """The largest comfortable context in the runtime's own word: all of it where any speed will do.

    Where the speed is not known, nothing: layers are not moved to the CPU on hope. Only writing counts: how
    fast a processor reads a prompt is a guess, which would make the rows unlike.
    """
    if not row.n_ctx_max:
        return 0
    if goal.patience is None:
        return word(row, request)
    writing = decoding(facts, row.settings, hardware)
    if writing is None:
        return 0
    found = comfortable(replace(writing, prefill=None), row.settings, goal.patience)
    return asked_n_ctx(request, row.settings.with_n_ctx(found)) if found else 0
