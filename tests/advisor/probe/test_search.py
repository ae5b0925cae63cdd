"""The search finds the limit whatever the guess, in few steps when the guess is good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.search import Bracket, next_context

STEP = 256


def searched(limit: int, highest: int, guess: int) -> tuple[int, list[int]]:
    """The context that is found where those up to `limit` work, and what was tried for it."""
    known = Bracket.over(STEP, highest)
    tried = []
    while not known.is_settled:
        n_ctx = next_context(known, guess)
        assert known.low < n_ctx < known.high
        assert n_ctx % STEP == 0
        tried.append(n_ctx)
        expected = n_ctx == guess
        known = (
            known.with_success(n_ctx, as_expected=expected) if n_ctx <= limit else known.with_failure(n_ctx)
        )
    return known.low, tried


@given(st.integers(0, 512), st.integers(1, 512), st.integers(0, 600))
def test_the_largest_that_works_is_found(limit: int, highest: int, guess: int) -> None:
    found, tried = searched(limit * STEP, highest * STEP, guess * STEP)
    assert found == min(limit, highest) * STEP
    assert len(tried) == len(set(tried))


@pytest.mark.parametrize(("off_by", "most"), [(0, 2), (1, 3), (-1, 4), (3, 4), (-3, 5), (-5, 7)])
def test_a_good_guess_takes_few_attempts(off_by: int, most: int) -> None:
    _, tried = searched(20480, 131072, 20480 + off_by * STEP)
    assert len(tried) <= most


def test_where_everything_works_one_attempt_is_enough() -> None:
    assert searched(40000, 32768, 32768) == (32768, [32768])


def test_after_a_first_failure_the_step_back_is_a_share_of_it() -> None:
    assert next_context(Bracket.over(STEP, 65536).with_failure(32768), 32768) == 32768 - 1024


def test_upward_the_strides_begin_anew_where_the_limit_was_expected() -> None:
    """A small context comes first where a GPU takes part, and says nothing about how far the guess is off."""
    known = Bracket.over(STEP, 131072).with_success(256)
    tried = [20480]
    for _ in range(4):
        known = known.with_success(tried[-1], as_expected=tried[-1] == 20480)
        tried.append(next_context(known, 20480))
    assert [(n_ctx - 20480) // STEP for n_ctx in tried] == [0, 1, 3, 7, 15]


def test_what_failed_later_is_no_longer_known_to_work() -> None:
    known = Bracket.over(STEP, 4096).with_success(1024).with_success(4096).with_failure(4096, low=1024)
    assert (known.low, known.high) == (1024, 4096)
    assert not known.is_settled
