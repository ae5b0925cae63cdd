"""Levers of one load on one computer, without the choice of a recommendation before them."""

from __future__ import annotations

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.levers import levers
from advisor.recommend.planner import Planner
from advisor.recommend.planning import Planning
from advisor.recommend.result import Lever
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx


def levers_of(
    facts: ModelFacts,
    hardware: Hardware,
    request: Request,
    *,
    planner: Planning | None = None,
    n_ctx: int | None = None,
) -> dict[str, Lever]:
    """By code, in their order; `n_ctx` is the recommended context, else the largest."""
    asked = planner or Planner(facts, hardware)
    chosen = largest_row(request, facts, asked)
    here = n_ctx or asked_n_ctx(request, chosen.settings)
    found = levers(chosen, (chosen,), request, facts, hardware, asked, here)
    return {lever.code: lever for lever in found}
