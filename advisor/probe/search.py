"""Which context to try next: few attempts, each of which is dear.

The guess is where the limit is expected: first by dry run, then by what was measured beside the last context
that worked. Near it the search steps away faster and faster until the limit lies between two attempts, then
it halves. Upward it grows more slowly: what was measured is seldom far off, and an attempt too far costs the
process and another load. A failure says nothing but "not this much", whatever it looked like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# Before anything has worked: the share of the context to step back by.
_FIRST_STEP_BACK = 32
# How much longer each stride is than the last, after attempts that ended alike.
_GROWTH_UP, _GROWTH_DOWN = 2, 4


@dataclass(frozen=True, slots=True)
class Bracket:
    """What is known of the contexts from `step` to `highest`, in the runtime's own word.

    `low` is the largest that worked (0: none has), `high` the smallest that failed or is out of range. `run`
    counts the last attempts that ended alike; a success where the limit was expected begins anew.
    """

    step: int
    highest: int
    low: int = 0
    high: int = 0
    run: int = 0
    last_worked: bool = False

    @classmethod
    def over(cls, step: int, highest: int) -> Bracket:
        return cls(step, highest, high=highest + step)

    @property
    def is_settled(self) -> bool:
        return self.high - self.low <= self.step

    def with_success(self, n_ctx: int, *, as_expected: bool = False) -> Bracket:
        run = self.run + 1 if self.last_worked and not as_expected else 1
        return replace(self, low=max(self.low, n_ctx), run=run, last_worked=True)

    def with_failure(self, n_ctx: int, low: int | None = None) -> Bracket:
        """`low` is given where a context that worked at first failed later: what is left below it."""
        run = 1 if self.last_worked else self.run + 1
        return replace(
            self,
            low=self.low if low is None else low,
            high=min(self.high, n_ctx),
            run=run,
            last_worked=False,
        )


def next_context(known: Bracket, guess: int) -> int:
    """The context to try: strictly between `known.low` and `known.high`, which must not be settled."""
    guess = guess // known.step * known.step
    middle = (known.low + known.high) // 2 // known.step * known.step
    if known.low < guess < known.high:
        return guess
    if guess <= known.low:
        n_steps: int = _GROWTH_UP ** (known.run - 1) if known.last_worked else 1
        upward = known.low + known.step * n_steps
        # With the end of the range far above, the middle is no nearer to the limit than the stride.
        return min(upward, max(middle, known.low + known.step), known.highest)
    first = known.step if known.low else max(known.step, known.high // _FIRST_STEP_BACK)
    n_strides: int = _GROWTH_DOWN ** max(0, known.run - 1)
    downward = (known.high - first * n_strides) // known.step * known.step
    return max(downward, middle, known.low + known.step)
