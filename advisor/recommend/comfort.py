"""Comfort: the speed of an answer, and the largest context at which it still meets the goal's patience."""

from __future__ import annotations

from math import sqrt

from advisor.basis import Basis
from advisor.recommend.result import DecodeSpeed, FirstToken, Patience, Speed
from advisor.recommend.search import ContextRange, largest
from advisor.settings.load_settings import LoadSettings
from advisor.speed import Decoding
from advisor.units import CONTEXT_STEP

# Nothing is promised about speed where no bandwidth is known and nothing was measured.
NO_SPEED = Speed(prefill_tokens_per_second=None, decode=(), time_to_first_token_s=None, basis=Basis.ASSUMED)

_QUARTERS = (0, 1, 2, 3, 4)
# Of a question, of some pages, of a long text, of a book.
_PROMPTS = (1024, 4096, 16384, 65536)


def speed_of(decoding: Decoding, settings: LoadSettings) -> Speed:
    """How fast this load writes, at the start, at each quarter and at the end of what one slot may hold, and
    how long it reads a prompt that fills a slot.

    The basis is MEASURED where this computer has measured all that the figures rest on.
    """
    full = settings.n_ctx_per_slot
    depths = [full * quarter // 4 for quarter in _QUARTERS]
    rates = [decoding.rate(depth) for depth in depths]
    points = tuple(DecodeSpeed(depth, rate.low, rate.high) for depth, rate in zip(depths, rates, strict=True))
    reading = decoding.prefill
    if reading is None:
        return Speed(None, points, None, decoding.basis)
    mean = reading.mean_rate(full)
    soonest, latest = reading.time_to_first_token(full)
    return Speed(
        prefill_tokens_per_second=mean.low,
        decode=points,
        time_to_first_token_s=latest,
        basis=min(decoding.basis, reading.basis, key=list(Basis).index),
        prefill_high=mean.high,
        time_to_first_token_low_s=soonest,
        first_token=tuple(
            FirstToken(n, *reading.time_to_first_token(n)) for n in sorted({*_PROMPTS, full}) if n <= full
        ),
    )


def comfortable(decoding: Decoding, safe: LoadSettings, patience: Patience) -> int | None:
    """The largest total context up to the safe one that is comfortable when it is full.

    Writing is judged by its cautious figure, the time to the first token by the middle of its range: the
    ends are the slowest and the fastest build and file that anyone has published. It does not count where it
    is a guess (`Prefill.is_guess`). None if no context is comfortable: then the weights alone take too long,
    and a smaller context would not help.
    """
    reading = decoding.prefill

    def is_enough(depth: int) -> bool:
        if decoding.rate(depth).low < patience.tokens_per_second:
            return False
        if reading is None or reading.is_guess:
            return True
        soonest, latest = reading.time_to_first_token(depth)
        return sqrt(soonest * latest) <= patience.seconds_to_first_token

    span = ContextRange(CONTEXT_STEP, max(CONTEXT_STEP, safe.n_ctx_per_slot))
    return largest(is_enough, span) * safe.n_stream or None
