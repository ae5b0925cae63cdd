"""`Task`: what is to be proved, fixed before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.probe.room import Room, room_for_limit
from advisor.recommend.planning import Planning
from advisor.recommend.search import ContextRange, context_range
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import pad


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One model, the settings that will be exported, the computer, and how far the search may go.

    `wanted` is the context that was asked for, None for the largest; `fill` is "auto", "copy" or "full".
    Contexts are in the runtime's own word (see `Request.n_ctx`).
    """

    facts: ModelFacts
    hardware: Hardware
    request: Request
    planner: Planning
    span: ContextRange
    room: Room
    wanted: int | None
    fill: str
    cap_bytes: int | None

    def at(self, n_ctx: int) -> LoadSettings:
        return resolve(self.request, self.facts, n_ctx)

    def estimate(self, n_ctx: int) -> MemoryPlan:
        """By formula, at once."""
        return self.planner.estimate(self.at(n_ctx))

    def plan(self, n_ctx: int) -> MemoryPlan:
        """By dry run where there is an engine."""
        return self.planner.plan(self.at(n_ctx))


def task_of(
    facts: ModelFacts,
    hardware: Hardware,
    request: Request,
    planner: Planning,
    *,
    n_ctx: int | None,
    fill: str,
    cap_bytes: int | None,
) -> Task:
    """Raises SettingsError for a request that cannot be."""
    span = context_range(request, facts)
    if n_ctx:
        span = ContextRange(span.step, pad(n_ctx, span.step))
    return Task(
        facts=facts,
        hardware=hardware,
        request=request,
        planner=planner,
        span=span,
        room=room_for_limit(hardware, cap_bytes),
        wanted=n_ctx,
        fill=fill,
        cap_bytes=cap_bytes,
    )
