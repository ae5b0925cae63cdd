"""The table of alternatives: for each choice of cache types and places, the largest safe context."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.cache_pairs import possible_pairs, with_cache_types
from advisor.recommend.cpu_placement import cache_in_ram, least_on_cpu
from advisor.recommend.expectation import Expectation, expecting
from advisor.recommend.gpu_placement import gpu_placements
from advisor.recommend.planning import Planning
from advisor.recommend.result import Alternative
from advisor.recommend.row import described, is_dominated, largest_row
from advisor.recommend.search import context_range
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve


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
    answers = expecting(facts, planner)
    plain: list[Alternative] = []
    forbidden: SettingsError | None = None
    for k, v in possible_pairs(request):
        try:
            row = largest_row(with_cache_types(request, k, v), facts, answers)
            plain.append(described(row, facts, hardware))
        except SettingsError as error:
            forbidden = forbidden or error
    if not plain and forbidden:
        raise forbidden
    placed: list[Alternative] = []
    for row in plain if hardware.gpus else ():
        if row.cache_types in accepted:
            asked = with_cache_types(request, *row.cache_types)
            found = _placed(asked, row, facts, hardware, answers, wish)
            placed.extend(described(other, facts, hardware) for other in found if other.n_ctx_max)
    return (*plain, *_worth_showing(placed, plain))


def _placed(
    asked: Request,
    row: Alternative,
    facts: ModelFacts,
    hardware: Hardware,
    answers: Expectation,
    wish: int,
) -> Iterator[Alternative]:
    """The same cache types in other places; `row` is the one that leaves the places to the runtime."""
    holds_wish = _holds(row, asked, wish)
    for other in gpu_placements(asked, facts, hardware, answers, wish):
        found = largest_row(other, facts, answers)
        holds_wish = holds_wish or _holds(found, asked, wish)
        yield found
    if holds_wish or asked.gpu_only:
        return
    step = context_range(asked, facts).step
    in_ram = cache_in_ram(asked, facts)
    if in_ram and answers.is_hopeless(resolve(in_ram, facts, step)):
        in_ram = None
    # Asked for before layers are moved: the engine has the model open for it.
    with_cache = [largest_row(other, facts, answers) for other in (in_ram,) if other]
    if moved := least_on_cpu(asked, facts, hardware, answers, wish, step):
        yield largest_row(moved, facts, answers)
    yield from with_cache


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
