"""`advise`: from a model, a computer and a goal to one recommendation with its reasons."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.memory.plan import Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.choice import accepted_pairs, choose, word
from advisor.recommend.comfort import NO_SPEED, comfortable, speed_of
from advisor.recommend.expectation import expecting
from advisor.recommend.levers import levers
from advisor.recommend.nearest import nearest
from advisor.recommend.planning import Planning
from advisor.recommend.programs.unchanged import if_you_change_nothing
from advisor.recommend.reasons import (
    above_training,
    bound_reasons,
    patience_reasons,
    place_reasons,
    quantizing_reasons,
    slot_reasons,
    speed_reasons,
)
from advisor.recommend.result import Goal, Recommendation
from advisor.recommend.rows import alternatives
from advisor.recommend.search import ContextRange, context_range, training_end
from advisor.recommend.what_if_types import what_if_types
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.speed import calibrated, decoding


def advise(
    facts: ModelFacts,
    hardware: Hardware,
    goal: Goal,
    request: Request,
    planner: Planning,
    *,
    calibration: Calibration = NOTHING_LEARNED,
) -> Recommendation:
    """The best settings on this hardware for this goal.

    What the request already says is kept; a context in it takes the place of the goal's wish. With a
    `calibration` the speeds are those that this computer has measured; `planner` has it for the memory.
    Raises SettingsError where the request cannot be, and what `planner` raises.
    """
    hardware = calibrated(hardware, calibration)
    planner = expecting(facts, planner)
    if goal.users > 1 and request.users is None and request.n_seq_max is None:
        request = replace(request, users=goal.users)
    span = context_range(request, facts)
    wish = _wish(request, goal, span)
    rows = alternatives(request, facts, hardware, planner, wish, accepted_pairs(request, goal))
    chosen = choose(rows, request, goal, wish, facts, hardware)
    asked = replace(chosen.request or request, n_ctx=request.n_ctx)
    near = nearest(chosen, rows, request, facts, hardware, planner)
    writing = decoding(facts, chosen.settings, hardware) if chosen.n_ctx_max else None
    # An assumed speed says nothing of comfort.
    is_known = writing is not None and writing.assumed_ram is None
    n_ctx_comfortable = (
        comfortable(writing, chosen.settings, goal.patience)
        if writing and is_known and goal.patience
        else None
    )
    n_ctx = min(wish, word(chosen, request)) or span.step
    if n_ctx_comfortable and request.n_ctx is None:  # a context that was asked for is kept
        n_ctx = min(n_ctx, asked_n_ctx(request, chosen.settings.with_n_ctx(n_ctx_comfortable)))
    plan = planner.plan(resolve(asked, facts, n_ctx))
    if near and not near.row and plan.verdict is Verdict.NEEDS_OFFLOAD:
        plan = replace(plan, verdict=Verdict.DOES_NOT_FIT)  # no number of layers on the CPU was enough
    speed = speed_of(writing, plan.settings) if writing else NO_SPEED
    trained = training_end(request, facts)
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
            *patience_reasons(goal.patience, writing, speed, chosen.n_ctx_max, n_ctx_comfortable),
            *bound_reasons(
                chosen,
                rows,
                facts,
                at_training_context=span.highest <= trained and word(chosen, request) >= span.highest,
                holds_wish=word(chosen, request) >= wish,
            ),
            *((near.note,) if near else ()),
            *place_reasons(chosen, rows),
            *((above_training(n_ctx, trained),) if n_ctx > trained else ()),
            *(slot_reasons(plan, speed) if chosen.n_ctx_max else ()),
            *(quantizing_reasons(asked, facts, planner, n_ctx) if chosen.n_ctx_max else ()),
            *(speed_reasons(writing, plan.settings) if writing else ()),
        ),
        speed=speed,
        alternatives=rows,
        levers=levers(chosen, rows, asked, facts, hardware, planner, n_ctx),
        what_if_types=what_if_types(asked, facts, planner),
        nearest=near.row if near else None,
    )


def _wish(request: Request, goal: Goal, span: ContextRange) -> int:
    """The context wanted, in the runtime's own word, within what the model was trained for."""
    wanted = request.n_ctx or goal.n_ctx or span.highest
    rounded = -(-wanted // span.step) * span.step
    return min(rounded, span.highest)
