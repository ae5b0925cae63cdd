"""Search for the largest context that still fits, with few questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from advisor.model.facts import ModelFacts
from advisor.settings.request import Request
from advisor.settings.runtimes import asks_per_slot, resolve
from advisor.units import CONTEXT_STEP


@dataclass(frozen=True, slots=True)
class ContextRange:
    """The contexts worth asking for, in the runtime's own word (see `Request.n_ctx`)."""

    step: int
    highest: int  # the training context, a multiple of `step`, at least one step


def context_range(request: Request, facts: ModelFacts) -> ContextRange:
    """From the smallest context that the engine does not round away up to the training context.

    Where the total is asked for and the cache is split, one step is 256 tokens for every slot.
    """
    smallest = resolve(request, facts, CONTEXT_STEP)
    slots = 1 if asks_per_slot(request) else smallest.n_stream
    trained = max(CONTEXT_STEP, facts.n_ctx_train // CONTEXT_STEP * CONTEXT_STEP)
    return ContextRange(step=CONTEXT_STEP * slots, highest=trained * slots)


def largest(fits: Callable[[int], bool], span: ContextRange, guess: int | None = None) -> int:
    """The largest multiple of `span.step` within the range for which `fits` holds, 0 if there is none.

    `fits` must be true up to some context and false above it. `guess` is where the answer is expected:
    when it is right two questions are asked (one at the top of the range), when it is near only few more;
    without it the range is halved.
    """
    top = span.highest // span.step
    low, high = 0, top + 1  # fits at low (or nothing does), does not fit at high (or it is out of range)
    if guess is not None:
        middle = min(max(guess // span.step, 1), top)
        stride = 1
        if fits(middle * span.step):
            low = middle
            while low + stride < high:
                if not fits((low + stride) * span.step):
                    high = low + stride
                    break
                low += stride
                stride *= 4
        else:
            high = middle
            while high - stride > low:
                if fits((high - stride) * span.step):
                    low = high - stride
                    break
                high -= stride
                stride *= 4
    elif fits(top * span.step):
        return top * span.step
    else:
        high = top
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle * span.step):
            low = middle
        else:
            high = middle
    return low * span.step
