"""One row of the table: the largest context for exactly these settings, how fast it is, what it costs."""

from __future__ import annotations

from dataclasses import replace

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.comfort import speed_of
from advisor.recommend.crossing import last_not_negative, last_that_holds
from advisor.recommend.expectation import Expectation, expecting
from advisor.recommend.planning import Planning
from advisor.recommend.quality import quality_of
from advisor.recommend.result import Alternative, DecodeSpeed
from advisor.recommend.search import ContextRange, bands, context_range
from advisor.recommend.steps import steps
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.speed import decoding

# What is less than this much better, of context or speed, is the same to a person.
_NOTICEABLE = 1.05


def largest_row(request: Request, facts: ModelFacts, planner: Planning) -> Alternative:
    """The largest context for exactly these settings: expected by formula, confirmed by the engine.

    Where the runtime's parameters follow the context, of the highest band that has one that fits. Raises
    SettingsError for what the model or the runtime cannot have.
    """
    span = context_range(request, facts)
    answers = expecting(facts, planner)
    found = bands(request, facts, span)
    best = 0
    for band in reversed(found):
        if not answers.is_hopeless(resolve(request, facts, band.above + band.step)):
            best = _largest_of(band, request, facts, answers)
        if best:
            break
    for band in found:  # where a hopeless one was not
        if band.above == best and answers.plan(resolve(request, facts, best + band.step)).fits:
            best = _largest_of(band, request, facts, answers)
    plan = answers.plan(resolve(request, facts, best or span.step))
    is_at_limit = False
    if best < span.highest:
        above = answers.plan(resolve(request, facts, best + span.step))
        is_at_limit = any(note.code == DEVICE_LIMIT for note in above.notes)
    return Alternative(
        settings=plan.settings,
        n_ctx_max=plan.settings.n_ctx if best else 0,
        plan=plan,
        at_device_limit=is_at_limit,
        request=replace(request, n_ctx=asked_n_ctx(request, plan.settings)),
        steps=steps(plan.settings, facts),
    )


def _largest_of(band: ContextRange, request: Request, facts: ModelFacts, answers: Expectation) -> int:
    """The largest context of the band, 0 if none of it fits."""

    def settings(n_steps: int) -> LoadSettings:
        return resolve(request, facts, n_steps * band.step)

    def expected(first: int, last: int) -> int | None:
        return last_not_negative(lambda n: answers.room_bytes(settings(n)), first, last)

    first, last = band.above // band.step + 1, band.highest // band.step
    found = last_that_holds(lambda n: answers.plan(settings(n)).fits, expected, first, last)
    return (found or 0) * band.step


def described(row: Alternative, facts: ModelFacts, hardware: Hardware) -> Alternative:
    """The row with what its cache types cost, and how fast it writes at an empty and at a full context."""
    row = replace(row, quality=quality_of(row.settings))
    writing = decoding(facts, row.settings, hardware) if row.n_ctx_max else None
    if writing is None:
        return row
    points = speed_of(writing, row.settings).decode
    return replace(row, speed=(points[0], points[-1]))


def is_dominated(row: Alternative, by: Alternative) -> bool:
    """Whether `by` is no worse in anything: context, speed, precision of the cache, steps."""
    return (
        row.n_ctx_max <= by.n_ctx_max * _NOTICEABLE
        and not is_faster(row, by)
        and precision(row.settings) <= precision(by.settings)
        and row.steps >= by.steps
    )


def precision(settings: LoadSettings) -> tuple[int, ...]:
    """For comparing: the coarser of the two cache types first, then both. Larger is more precise."""
    k, v = (-CACHE_TYPES.index(name) for name in (settings.cache_type_k, settings.cache_type_v))
    return min(k, v), k + v


def tokens_per_second(row: Alternative, depth: int) -> float | None:
    """The row's cautious rate with so many tokens in the cache, between its two points; None if unknown."""
    if not row.speed:
        return None
    empty, full = row.speed[0], row.speed[-1]
    share = depth / full.depth if full.depth else 0.0
    seconds = (1 - share) / empty.tokens_per_second + share / full.tokens_per_second
    return 1 / seconds


def is_faster(row: Alternative, other: Alternative) -> bool:
    """Noticeably, with an empty cache or with as many tokens as both hold."""
    if not row.speed or not other.speed:
        return False
    shared: DecodeSpeed = min(row.speed[-1], other.speed[-1], key=lambda point: point.depth)
    for depth in (0, shared.depth):
        mine, theirs = tokens_per_second(row, depth), tokens_per_second(other, depth)
        if mine is not None and theirs is not None and mine > theirs * _NOTICEABLE:
            return True
    return False
