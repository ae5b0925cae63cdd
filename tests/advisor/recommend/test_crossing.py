"""Where a sum reaches zero, and where a yes becomes a no: right whatever the line, and with few questions."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.recommend.crossing import last_not_negative, last_that_holds


class Falling:
    """A sum that falls from step to step; remembers what it was asked."""

    def __init__(self, start: int, falls: list[int]) -> None:
        self.values = [start]
        for fall in falls:
            self.values.append(self.values[-1] - fall)
        self.asked: list[int] = []

    def __call__(self, n: int) -> int:
        self.asked.append(n)
        return self.values[n]


def test_an_empty_range_has_none() -> None:
    assert last_not_negative(lambda _: 1, 3, 2) is None
    assert last_that_holds(lambda _: True, lambda _first, _last: None, 3, 2) is None


@given(st.integers(-50, 5000), st.lists(st.integers(0, 400), max_size=120), st.integers(0, 10))
def test_it_is_the_last_that_is_not_negative(start: int, falls: list[int], first: int) -> None:
    left = Falling(start, falls)
    last = len(falls)
    found = last_not_negative(left, first, last)
    there = [n for n in range(first, last + 1) if left.values[n] >= 0]
    assert found == (there[-1] if there else None)
    assert len(left.asked) == len(set(left.asked))


@given(st.integers(0, 10**6), st.integers(1, 2000), st.integers(1, 4096))
def test_a_straight_line_costs_five_values(start: int, fall: int, last: int) -> None:
    left = Falling(start, [fall] * last)
    assert last_not_negative(left, 1, last) == (min(start // fall, last) or None)
    assert len(left.asked) <= 5


def test_a_line_with_a_bend_costs_few() -> None:
    # A second memory that fills faster from some context on, as a window does.
    left = Falling(10**6, [100] * 300 + [900] * 3700)
    assert last_not_negative(left, 1, 4000) == 1377
    assert len(left.asked) <= 9


@given(
    limit=st.integers(0, 300),
    last=st.integers(1, 300),
    guesses=st.lists(st.one_of(st.none(), st.integers(0, 300)), max_size=12),
    from_beyond=st.booleans(),
)
def test_it_is_the_last_that_holds_whatever_was_expected(
    limit: int, last: int, guesses: list[int | None], *, from_beyond: bool
) -> None:
    asked: list[int] = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= limit

    def expected(first: int, last: int) -> int | None:
        guess = guesses.pop() if guesses else None
        return guess if guess is None else min(max(guess, first), last)

    found = last_that_holds(holds, expected, 1, last, from_beyond=from_beyond)
    assert found == (min(limit, last) or None)
    assert len(asked) == len(set(asked))
    assert all(1 <= n <= last for n in asked)
    assert len(asked) <= 6 + 9


def test_a_right_expectation_costs_two_questions_and_one_at_the_end() -> None:
    asked: list[int] = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= 70

    def expected(first: int, last: int) -> int | None:
        return None if first > 70 else min(70, last)

    assert last_that_holds(holds, expected, 1, 100) == 70
    assert asked == [70, 71]
    asked.clear()
    assert last_that_holds(holds, expected, 1, 100, from_beyond=True) == 70
    assert asked == [71, 70]
    asked.clear()
    assert last_that_holds(holds, expected, 1, 60) == 60
    assert asked == [60]
