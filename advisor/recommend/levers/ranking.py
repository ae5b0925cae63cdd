"""All levers of one recommendation, ranked by what they cost a person and what they buy."""

from __future__ import annotations

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.levers.batches import flash_attention_levers, slot_levers, ubatch_levers
from advisor.recommend.levers.cache import cache_type_levers, window_levers
from advisor.recommend.levers.memory import closing_levers, holder_levers, reserve_levers
from advisor.recommend.levers.placement import placement_levers
from advisor.recommend.levers.situation import ByFormula, Situation
from advisor.recommend.levers.weights import quantization_levers
from advisor.recommend.planning import Planning
from advisor.recommend.result import Alternative, Cost, Lever
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import runtime_named

# Of levers that buy the same, the first here costs a person least: of precision, of speed, of trouble.
_KINDS = (
    *(holder_levers, window_levers, cache_type_levers, ubatch_levers, slot_levers, closing_levers),
    *(quantization_levers, placement_levers, flash_attention_levers, reserve_levers),
)
_COSTS = list(Cost)


def levers(
    chosen: Alternative,
    rows: tuple[Alternative, ...],
    request: Request,
    facts: ModelFacts,
    hardware: Hardware,
    planner: Planning,
    n_ctx: int,
) -> tuple[Lever, ...]:
    """What the person could change: what costs little first, then by tokens gained, without any by bytes.

    So nothing that slows the writing much stands before what does not. What buys nothing comes last.

    `request` is the chosen one, with its cache types and places; `n_ctx` (the runtime's own word) is where
    bytes are compared. All is by formula, but for the contexts that `rows` already hold. Levers that buy
    nothing, or that the runtime has no word for, are left out.
    """
    by_formula = ByFormula(planner)
    now = Situation(
        chosen=chosen,
        rows=rows,
        request=request,
        facts=facts,
        hardware=hardware,
        planner=by_formula,
        runtime=runtime_named(request.runtime),
        n_ctx=n_ctx,
        here=planner.estimate(resolve(request, facts, n_ctx)),
        n_ctx_max=largest_row(request, facts, by_formula).n_ctx_max,
    )
    found = [lever for kind in _KINDS for lever in kind(now) if now.is_worth_showing(lever)]
    return tuple(sorted(found, key=_rank))


def _rank(lever: Lever) -> tuple[bool, int, int, int]:
    buys_nothing = lever.gain_tokens < 0 or (lever.gain_tokens == 0 and lever.gain_bytes < 0)
    gain_bytes = 0 if lever.gain_tokens else lever.gain_bytes
    return buys_nothing, _COSTS.index(lever.cost), -lever.gain_tokens, -gain_bytes
