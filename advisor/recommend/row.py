"""One row of the table: the largest context for exactly these settings, how fast it is, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.comfort import speed_of
from advisor.recommend.planning import Planning
from advisor.recommend.quality import quality_of
from advisor.recommend.result import Alternative, DecodeSpeed
from advisor.recommend.room import has_room
from advisor.recommend.search import ContextRange, bands, context_range, largest
from advisor.recommend.steps import steps
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import asked_n_ctx, resolve
from advisor.speed import decoding

# After so many corrected guesses the range is halved: then the engine follows no line.
_CORRECTIONS = 4
# What is less than this much better, of context or speed, is the same to a person.
_NOTICEABLE = 1.05


def largest_row(request: Request, facts: ModelFacts, planner: Planning) -> Alternative:
    """The largest context for exactly these settings: guessed by formula, confirmed by the engine.

    Where the runtime's parameters follow the context, of the highest band that has one that fits. Raises
    SettingsError for what the model or the runtime cannot have.
    """
    span = context_range(request, facts)
    plans: dict[int, MemoryPlan] = {}

    def estimate(n_ctx: int) -> MemoryPlan:
        return planner.estimate(resolve(request, facts, n_ctx))

    def fits(n_ctx: int) -> bool:
        if n_ctx not in plans:
            plans[n_ctx] = planner.plan(resolve(request, facts, n_ctx))
        return plans[n_ctx].fits

    best = 0
    for band in reversed(bands(request, facts, span)):
        guess = largest(lambda n: estimate(n).fits, band)
        guess = _nearer(guess or band.above + band.step, band, fits, estimate, plans)
        best = largest(fits, band, guess=guess)
        if best:
            break
    plan = plans[best or span.step]
    above = plans.get(best + span.step)
    return Alternative(
        settings=plan.settings,
        n_ctx_max=plan.settings.n_ctx if best else 0,
        plan=plan,
        at_device_limit=above is not None and any(note.code == DEVICE_LIMIT for note in above.notes),
        request=replace(request, n_ctx=asked_n_ctx(request, plan.settings)),
        steps=steps(plan.settings, facts),
    )


def _nearer(
    guess: int,
    band: ContextRange,
    fits: Callable[[int], bool],
    estimate: Callable[[int], MemoryPlan],
    plans: Mapping[int, MemoryPlan],
) -> int:
    """A guess that is right or nearly so: the formula's, corrected by what the answers differ from it.

    By the same bytes at first, then on a line through the last two guesses. `plans` holds what `fits` asked.
    """
    before = guess
    for _ in range(_CORRECTIONS):
        beside = guess + band.step if fits(guess) else guess - band.step
        if not band.above < beside <= band.highest or fits(beside) != fits(guess):
            break
        at_guess, at_before = (_off_by(plans[asked], estimate(asked)) for asked in (guess, before))
        off_by = _on_a_line(guess, at_guess, before, at_before)
        found = largest(lambda n, off_by=off_by: has_room(estimate(n), off_by(n)), band)  # type: ignore[misc]
        before, guess = guess, found or band.above + band.step
        if guess == before:
            break
    return guess


def _on_a_line(
    here: int, at_here: Mapping[str, int], there: int, at_there: Mapping[str, int]
) -> Callable[[int], dict[str, float]]:
    """Bytes by device at any context, from those at one or two contexts."""

    def at(n_ctx: int) -> dict[str, float]:
        share = (n_ctx - here) / (there - here) if there != here else 0.0
        return {
            device: n_bytes + share * (at_there.get(device, n_bytes) - n_bytes)
            for device, n_bytes in at_here.items()
        }

    return at


def _off_by(answer: MemoryPlan, by_formula: MemoryPlan) -> dict[str, int]:
    ours = {line.device: line.total_bytes for line in by_formula.memory}
    return {line.device: line.total_bytes - ours.get(line.device, 0) for line in answer.memory}


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
