"""Comfort: the speed of an answer, and the largest context at which it still meets the goal's patience."""

from __future__ import annotations

from advisor.basis import Basis
from advisor.recommend.result import DecodeSpeed, Patience, Speed
from advisor.recommend.search import ContextRange, largest
from advisor.settings.load_settings import LoadSettings
from advisor.speed import Decoding
from advisor.units import CONTEXT_STEP

# Nothing is promised about speed where no bandwidth is known and nothing was measured.
NO_SPEED = Speed(prefill_tokens_per_second=None, decode=(), time_to_first_token_s=None, basis=Basis.ASSUMED)

_QUARTERS = (0, 1, 2, 3, 4)


def speed_of(decoding: Decoding, settings: LoadSettings) -> Speed:
    """The rate at the start, at each quarter and at the end of what one slot may hold.

    Reading the prompt is not estimated: no published figure carries over from one GPU to another.
    """
    depths = [settings.n_ctx_per_slot * quarter // 4 for quarter in _QUARTERS]
    rates = [decoding.rate(depth) for depth in depths]
    points = [DecodeSpeed(depth, rate.low, rate.high) for depth, rate in zip(depths, rates, strict=True)]
    return Speed(None, tuple(points), None, Basis.ASSUMED)


def is_comfortable(speed: Speed, patience: Patience) -> bool:
    """Whether the cautious figures meet the patience at every depth; what is not known does not count."""
    first = speed.time_to_first_token_s
    if first is not None and first > patience.seconds_to_first_token:
        return False
    return all(point.tokens_per_second >= patience.tokens_per_second for point in speed.decode)


def comfortable(decoding: Decoding, safe: LoadSettings, patience: Patience) -> int | None:
    """The largest total context up to the safe one that is comfortable when it is full.

    None if none is: then the weights alone take too long, and a smaller context would not help.
    """

    def is_enough(depth: int) -> bool:
        full = safe.with_n_ctx(depth * safe.n_stream)
        return is_comfortable(speed_of(decoding, full), patience)

    span = ContextRange(CONTEXT_STEP, max(CONTEXT_STEP, safe.n_ctx_per_slot))
    return largest(is_enough, span) * safe.n_stream or None
