"""Two searches along a line: where a sum reaches zero, and where a yes becomes a no.

A search for a context or for layers asks for hundreds of plans if it halves its range each time. Memory grows
nearly in a straight line, so a few plans tell where it runs out.
"""

from __future__ import annotations

from collections.abc import Callable

# Beyond these many steps the line is none: then the range is halved.
_STRAIGHT = 12
# So often an expectation may be wrong before the range is halved without asking for another.
_TRUSTED = 6


def last_not_negative(left: Callable[[int], int], first: int, last: int) -> int | None:
    """The largest number from `first` to `last` where `left` is not negative; None if there is none.

    `left` must not be negative up to some number and be so beyond it. The nearer it is to a straight line,
    the fewer values are asked for: four for a line (the Illinois variant of the false position).
    """
    if last < first:
        return None
    at_last = left(last)
    if at_last >= 0:
        return last
    at_first = left(first) if first < last else at_last
    if at_first < 0:
        return None
    low, high = first, last
    above, below = float(at_first), float(at_last)
    was_low, n_steps = None, 0
    while high - low > 1:
        middle = (low + high) // 2
        if n_steps < _STRAIGHT:
            middle = low + int((high - low) * above / (above - below))
            middle = min(max(middle, low + 1), high - 1)
        n_steps += 1
        here = left(middle)
        is_low = here >= 0
        if is_low:
            low, above = middle, float(here)
            below = below / 2 if was_low else below
        else:
            high, below = middle, float(here)
            above = above / 2 if was_low is False else above
        was_low = is_low
    return low


def last_that_holds(
    holds: Callable[[int], bool],
    expected: Callable[[int, int], int | None],
    first: int,
    last: int,
    *,
    from_beyond: bool = False,
) -> int | None:
    """The largest number from `first` to `last` that `holds`, None if none does: asked where it is expected.

    `holds` must be true up to some number and false beyond it. `expected` says for a part of the range which
    number it will be, None for none of them, and may learn from each answer. When it is right this costs two
    questions, or one at either end of the range. `from_beyond` asks for the number beyond it first, so that
    the last question is the one whose answer is wanted.
    """
    held, failed = first - 1, last + 1
    n_asked = 0
    while failed - held > 1:
        if n_asked < _TRUSTED:
            guess = expected(held + 1, failed - 1)
            asked = held + 1 if guess is None else guess
            if from_beyond and guess is not None:
                asked = min(guess + 1, failed - 1)
        else:
            asked = (held + failed) // 2
        n_asked += 1
        if holds(asked):
            held = asked
        else:
            failed = asked
    return held if held >= first else None
