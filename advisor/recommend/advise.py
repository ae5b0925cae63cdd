"""`advise`: from a model, a computer and a goal to one recommendation with its reasons."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.comfort import NO_SPEED, comfortable, speed_of
from advisor.recommend.levers import levers
from advisor.recommend.reasons import comfort_reasons, reasons, speed_reasons
from advisor.recommend.result import Alternative, Goal, Recommendation
from advisor.recommend.rows import Planning, alternatives
from advisor.recommend.search import ContextRange, context_range
from advisor.recommend.unchanged import if_you_change_nothing
from advisor.settings.request import Request
from advisor.settings.runtimes import asked_n_ctx, resolve
from advisor.speed import Decoding, decoding


def advise(
    facts: ModelFacts, hardware: Hardware, goal: Goal, request: Request, planner: Planning
) -> Recommendation:
    """The best settings on this hardware for this goal.

    What the request already says is kept; a context in it takes the place of the goal's wish. Raises
    SettingsError where the request cannot be, and what `planner` raises.
    """
    if goal.users > 1 and request.users is None and request.n_seq_max is None:
        request = replace(request, users=goal.users)
    span = context_range(request, facts)
    rows = alternatives(request, facts, planner, has_gpu=bool(hardware.gpus))
    wish = _wish(request, goal, span)
    chosen = _choose(rows, request, goal, wish)
    asked = replace(
        request,
        cache_type_k=chosen.settings.cache_type_k,
        cache_type_v=chosen.settings.cache_type_v,
        flash_attn=chosen.settings.flash_attn,
        n_gpu_layers=chosen.settings.n_gpu_layers,
    )
    writing = decoding(facts, chosen.settings, hardware) if chosen.n_ctx_max else None
    n_ctx_comfortable = (
        comfortable(writing, chosen.settings, goal.patience) if writing and goal.patience else None
    )
    n_ctx = min(wish, _word(chosen, request)) or span.step
    if writing and n_ctx_comfortable and _is_bound_by_comfort(writing, request):
        n_ctx = min(n_ctx, asked_n_ctx(request, chosen.settings.with_n_ctx(n_ctx_comfortable)))
    plan = planner.plan(resolve(asked, facts, n_ctx))
    speed = speed_of(writing, plan.settings) if writing else NO_SPEED
    return Recommendation(
        model=facts,
        hardware=hardware,
        goal=goal,
        if_you_change_nothing=if_you_change_nothing(request, facts, hardware, planner),
        settings=plan.settings,
        plan=plan,
        n_ctx=plan.settings.n_ctx if chosen.n_ctx_max else 0,
        n_ctx_safe=chosen.n_ctx_max,
        n_ctx_comfortable=n_ctx_comfortable,
        reasons=(
            *comfort_reasons(speed, goal, chosen.n_ctx_max, n_ctx_comfortable),
            *reasons(
                chosen,
                rows,
                facts,
                at_training_context=_word(chosen, request) >= span.highest,
                holds_wish=_word(chosen, request) >= wish,
            ),
            *(speed_reasons(writing, plan.settings) if writing else ()),
        ),
        speed=speed,
        alternatives=rows,
        levers=levers(chosen, rows, asked, facts, hardware, planner, n_ctx),
    )


def _wish(request: Request, goal: Goal, span: ContextRange) -> int:
    """The context wanted, in the runtime's own word, within what the model was trained for."""
    wanted = request.n_ctx or goal.n_ctx or span.highest
    rounded = -(-wanted // span.step) * span.step
    return min(rounded, span.highest)


def _is_bound_by_comfort(writing: Decoding, request: Request) -> bool:
    """An assumed speed lowers nothing, and a context that was asked for is kept."""
    return writing.assumed_ram is None and request.n_ctx is None


def _word(row: Alternative, request: Request) -> int:
    """The row's largest context in the runtime's own word (see `Request.n_ctx`), 0 if nothing fits."""
    if not row.n_ctx_max:
        return 0
    return asked_n_ctx(request, row.plan.settings)


def _choose(rows: tuple[Alternative, ...], request: Request, goal: Goal, wish: int) -> Alternative:
    """The first row by the goal's preference that holds the wish, else the one that holds most."""
    if request.cache_type_k or request.cache_type_v:
        first = rows[0].settings
        types: tuple[tuple[str, str], ...] = ((first.cache_type_k, first.cache_type_v),)
    else:
        types = tuple((cache_type, cache_type) for cache_type in goal.cache_types)
    preferred = [
        row
        for pair in types
        for row in rows
        if (row.settings.cache_type_k, row.settings.cache_type_v) == pair
    ]
    candidates = preferred or list(rows)
    for row in candidates:
        if _word(row, request) >= wish:
            return row
    return max(candidates, key=lambda row: _word(row, request))
