"""The curves of memory against context for the chart, by formula."""

from __future__ import annotations

import time
from dataclasses import replace

from advisor.errors import AdvisorError
from advisor.memory.plan import DeviceMemory, MemoryPlan
from advisor.recommend.planning import Planning
from advisor.recommend.result import Recommendation
from advisor.settings.load_settings import LoadSettings
from advisor.units import CONTEXT_STEP

from ui.charts.chart_layout import ContextCurves, Curve, Point
from ui.charts.chart_sampling import sampled

_CURVE_TYPES = ("f16", "q8_0", "q4_0")
# Python runs one thread at a time: without a pause the window could not paint meanwhile.
PAUSE_SECONDS = 0.001
# The chart reaches this far beyond the largest context of the table: the budget line is crossed inside it.
_BEYOND_LARGEST = 1.25
_SHORTEST_AXIS = 16 * CONTEXT_STEP  # a line needs some length


def context_curves(planner: Planning, answer: Recommendation) -> ContextCurves:
    """Memory against context on the device that fills first."""
    device = tightest_device(answer)
    names = list(_CURVE_TYPES)
    own = cache_name(answer.settings)
    if own not in names:
        names.append(own)
    highest = _highest_context(answer)
    curves = [Curve(name, _points(planner, answer.settings, name, highest, device)) for name in names]
    line = _line(answer.plan, device)
    return ContextCurves(
        device_name=line.device_name,
        budget_bytes=line.usable_bytes,
        n_ctx_train=answer.model.n_ctx_train,
        curves=tuple(curve for curve in curves if len(curve.points) > 1),
        answer=Point(answer.settings.n_ctx, line.total_bytes),
        answer_name=own,
    )


def cache_name(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0 / q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k} / {v}"


def tightest_device(answer: Recommendation) -> str:
    """The device with the least room left, as ggml names it: the one that bounds the context."""
    return min(answer.plan.memory, key=lambda line: line.usable_bytes - line.total_bytes).device


def _highest_context(answer: Recommendation) -> int:
    """The end of the context axis: beyond what fits, but not beyond the training context without need."""
    largest = max((row.n_ctx_max for row in answer.alternatives), default=0)
    least = max(answer.settings.n_ctx, _SHORTEST_AXIS)
    trained = answer.model.n_ctx_train * answer.settings.n_seq_max
    return max(least, min(int(largest * _BEYOND_LARGEST), trained))


def _points(
    planner: Planning, settings: LoadSettings, name: str, highest: int, device: str
) -> tuple[Point, ...]:
    """Empty for a cache type that this model cannot have."""
    k, _, v = name.partition(" / ")
    typed = replace(settings, cache_type_k=k, cache_type_v=v or k)

    def at(n_ctx: int) -> Point:
        time.sleep(PAUSE_SECONDS)
        plan = planner.estimate(typed.with_n_ctx(n_ctx))
        return Point(plan.settings.n_ctx, _line(plan, device).total_bytes)

    try:
        return sampled(at, settings.context_step, highest)
    except AdvisorError:
        return ()


def _line(plan: MemoryPlan, device: str) -> DeviceMemory:
    return next(line for line in plan.memory if line.device == device)
