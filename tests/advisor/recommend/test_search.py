from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.recommend.search import ContextRange, bands, context_range, largest, training_end
from advisor.settings.request import Request
from tests.support.planning import a_model


class Limit:
    """`fits` up to a limit; remembers what it was asked."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.asked: list[int] = []

    def __call__(self, n_ctx: int) -> bool:
        self.asked.append(n_ctx)
        return n_ctx <= self.limit


@given(st.integers(0, 600), st.integers(1, 512), st.one_of(st.none(), st.integers(-5, 200_000)))
def test_it_is_the_largest_step_that_fits_whatever_was_guessed(
    limit: int, steps: int, guess: int | None
) -> None:
    span = ContextRange(step=256, highest=256 * steps)
    fits = Limit(limit * 256)
    assert largest(fits, span, guess) == 256 * min(limit, steps)
    assert all(256 <= n <= span.highest and n % 256 == 0 for n in fits.asked)


def test_a_right_guess_costs_two_questions_and_one_at_the_top() -> None:
    span = ContextRange(step=256, highest=131072)
    fits = Limit(40 * 1024)
    assert largest(fits, span, 40 * 1024) == 40 * 1024
    assert len(fits.asked) == 2
    fits = Limit(10**9)
    assert largest(fits, span, 131072) == 131072
    assert len(fits.asked) == 1


def test_a_near_guess_costs_few_questions() -> None:
    span = ContextRange(step=256, highest=131072)
    for off in (-4, -1, 1, 4):
        fits = Limit(40 * 1024)
        assert largest(fits, span, 40 * 1024 + off * 256) == 40 * 1024
        assert len(fits.asked) <= 6


def test_the_range_ends_at_the_training_context() -> None:
    assert context_range(Request(), a_model(32100)) == ContextRange(step=256, highest=32000)


def test_a_split_cache_steps_by_256_for_every_slot() -> None:
    assert context_range(Request(n_seq_max=4), a_model()) == ContextRange(step=1024, highest=4 * 32768)
    assert context_range(Request(n_seq_max=4, kv_unified=True), a_model()).step == 256
    assert context_range(Request(users=4), a_model()) == ContextRange(step=256, highest=32768)
    assert context_range(Request(runtime="ollama", n_seq_max=4), a_model()).step == 256


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 90), st.one_of(st.none(), st.integers(0, 100)))
def test_a_range_may_begin_above_nothing(above: int, steps: int, limit: int, guess: int | None) -> None:
    span = ContextRange(step=256, highest=256 * (above + steps), above=256 * above)
    fits = Limit(limit * 256)
    found = largest(fits, span, None if guess is None else guess * 256)
    best = min(limit, above + steps)
    assert found == (256 * best if best > above else 0)
    assert all(span.above < n <= span.highest for n in fits.asked)


def test_a_runtime_whose_parameters_stay_the_same_has_one_band() -> None:
    span = context_range(Request(), a_model(131072))
    assert bands(Request(), a_model(131072), span) == (span,)


@pytest.mark.parametrize(("users", "edges"), [(1, (4096, 32768, 131072)), (4, (1024, 8192, 131072))])
def test_ollamas_bands_end_where_its_batch_changes(users: int, edges: tuple[int, ...]) -> None:
    request = Request(runtime="ollama", users=users)
    facts = a_model(131072)
    found = bands(request, facts, context_range(request, facts))
    assert tuple(band.highest for band in found) == edges
    assert tuple(band.above for band in found) == (0, *edges[:-1])


def test_stretching_the_positions_is_no_band_of_its_own() -> None:
    request = Request(above_training=True)
    facts = a_model(32768)
    span = context_range(request, facts)
    assert bands(request, facts, span) == (span,)


def test_the_range_goes_beyond_the_training_context_only_where_that_is_possible() -> None:
    facts = a_model(32768)
    beyond = Request(above_training=True)
    assert context_range(beyond, facts).highest == 8 * 32768
    assert training_end(beyond, facts) == 32768
    assert context_range(replace(beyond, runtime="ollama"), facts).highest == 32768  # no word for YaRN
    assert context_range(beyond, replace(facts, has_rope=False)).highest == 32768
    assert context_range(beyond, replace(facts, n_position_rows=40000)).highest == 39936
    assert context_range(beyond, a_model(10 * 1024 * 1024)).highest == 16 * 1024 * 1024
