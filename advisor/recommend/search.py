"""Search for the largest context that still fits, with few questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import MAX_N_CTX, LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import asks_per_slot, resolve
from advisor.settings.rope import TRAINED_ROPE, trained_n_ctx
from advisor.settings.runtimes import runtime_named
from advisor.units import CONTEXT_STEP

# Beyond this nobody has shown that YaRN keeps a model usable: model cards speak of a factor of 4.
MOST_STRETCHED = 8


@dataclass(frozen=True, slots=True)
class ContextRange:
    """The contexts worth asking for, in the runtime's own word (see `Request.n_ctx`)."""

    step: int
    highest: int  # a multiple of `step`, at least one step beyond `above`
    above: int = 0  # the range begins one step beyond this


def context_range(request: Request, facts: ModelFacts) -> ContextRange:
    """From the smallest context that the engine does not round away up to the training context.

    Where the request goes beyond that on purpose and the runtime has words for YaRN, up to eight times of
    it. Where the total is asked for and the cache is split, one step is 256 tokens for every slot.
    """
    smallest = resolve(request, facts, CONTEXT_STEP)
    slots = 1 if asks_per_slot(request) else smallest.n_stream
    step = CONTEXT_STEP * slots
    highest = max(step, _most_of_a_slot(request, facts) // CONTEXT_STEP * step)
    return ContextRange(step=step, highest=min(highest, MAX_N_CTX // step * step))


def training_end(request: Request, facts: ModelFacts) -> int:
    """Where the training context ends, in the runtime's own word; a multiple of the range's step."""
    return context_range(replace(request, above_training=False), facts).highest


def bands(request: Request, facts: ModelFacts, span: ContextRange) -> tuple[ContextRange, ...]:
    """`span` cut where the runtime's own parameters change with the context (Ollama's ubatch), lowest first.

    Within a band only the context differs, so what fits there fits at every smaller context of the band.
    """
    found: list[ContextRange] = []
    above = 0
    while above < span.highest:
        rest = replace(span, above=above)
        here = _parameters(request, facts, above + span.step)
        above = largest(lambda n, here=here: _parameters(request, facts, n) == here, rest)  # type: ignore[misc]
        found.append(replace(rest, highest=above))
    return tuple(found)


def largest(fits: Callable[[int], bool], span: ContextRange, guess: int | None = None) -> int:
    """The largest multiple of `span.step` within the range for which `fits` holds, 0 if there is none.

    `fits` must be true up to some context and false above it. `guess` is where the answer is expected:
    when it is right two questions are asked (one at the top of the range), when it is near only few more;
    without it the range is halved.
    """
    bottom, top = span.above // span.step, span.highest // span.step
    low, high = bottom, top + 1  # fits at low (or nothing does), does not fit at high (or it is out of range)
    if guess is not None:
        middle = min(max(guess // span.step, bottom + 1), top)
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
    return low * span.step if low > bottom else 0


def _most_of_a_slot(request: Request, facts: ModelFacts) -> int:
    most = facts.n_ctx_train
    if request.above_training and facts.has_rope and runtime_named(request.runtime).says_yarn:
        most = max(most, MOST_STRETCHED * trained_n_ctx(facts))
    return min(most, facts.n_position_rows) if facts.n_position_rows else most


def _parameters(request: Request, facts: ModelFacts, n_ctx: int) -> LoadSettings:
    """All that a load takes but the context itself and the stretching of positions, which costs no memory."""
    return replace(resolve(request, facts, n_ctx), n_ctx=0, rope=TRAINED_ROPE)
