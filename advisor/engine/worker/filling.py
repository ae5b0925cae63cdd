"""Filling a context to its last token, by either method, and its speed on the way.

Both methods really decode before each quarter: a prompt's piece at once, then up to 32 tokens one by one,
which stay (hybrid models cannot remove a token). What lies between is `fill_gap`'s. Batches of odd sizes are
avoided: a GPU's driver would build kernels for each of them, which takes seconds and memory.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .native import Native
from .real_context import NO_SLOT, RealContext
from .refusal import Refusal
from .watch import Watch

N_SINGLE = 32
# Fewer single tokens where they are slow: at least so many and for so long, or until the second limit.
FEW_SINGLE, FEW_SECONDS, SLOW_SECONDS = 8, 0.25, 1.0
# A shorter piece of the prompt where a whole one is expected to take longer than this. The last one is whole
# as long as it is bearable: what a ubatch takes at full depth is measured by it, and nowhere else.
PROMPT_SECONDS, LAST_PROMPT_SECONDS, SHORT_PROMPT = 0.25, 120.0, 64

# Fills positions from the first up to, not including, the second or a little less: the position it came to.
FillGap = Callable[[int, int], int]


@dataclass(frozen=True)
class Mark:
    """A depth at which speed is measured, and the tokens before it that are decoded for that."""

    depth: int
    n_prompt: int
    n_single: int

    @property
    def start(self) -> int:
        return max(0, self.depth - self.n_prompt - self.n_single)


@dataclass(frozen=True)
class Speeds:
    """Speed by depth, the seconds that only went into measuring it, and the tokens of the last piece.

    The last piece of the prompt is not among those seconds: it is the end of the fill itself.
    """

    points: list[dict[str, Any]]
    measuring_seconds: float
    n_last_prompt: int


class Meter:
    """How many tokens lie in the context, and how fast they came lately."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._n = 0
        self._began = (time.monotonic(), 0)

    def add(self, n: int) -> None:
        self._n += n
        now = time.monotonic()
        began_at, began_n = self._began
        seconds = now - began_at
        speed = (self._n - began_n) / seconds if seconds > 0 else None
        self._watch.now(n_filled=self._n, tokens_per_second=speed)
        if seconds > 2:
            self._began = (now, self._n)

    @property
    def n_filled(self) -> int:
        return self._n


def marks(n_ctx: int, n_ubatch: int) -> list[Mark]:
    """Depth 0, the quarters and the full depth. In short contexts less is decoded before each."""
    n_single = min(N_SINGLE, n_ctx // 32)
    n_prompt = min(n_ubatch, n_ctx // 16)
    quarters = [Mark(n_ctx * quarter // 4, n_prompt, n_single) for quarter in (1, 2, 3)]
    # The first and the last piece are alike: what differs between them is the depth's doing.
    n_whole = min(n_ubatch, n_ctx // 8)
    return [Mark(0, n_whole, n_single), *quarters, Mark(n_ctx, n_whole, n_single)]


def fill(context: RealContext, fill_gap: FillGap, after_mark: Callable[[int], None], meter: Meter) -> Speeds:
    """Fills sequence 0 and measures at each mark; `after_mark` is then told how many tokens there are."""
    points = []
    n_filled, most_single, measuring_seconds = 0, N_SINGLE, 0.0
    token_seconds, at_depth = 0.0, 0  # of the last piece
    for mark in marks(context.n_ctx_seq, context.n_ubatch):
        is_last = mark.depth == context.n_ctx_seq
        # Attention takes time as the depth does; of the first depth nothing is known before it is tried.
        expected_seconds = mark.n_prompt * token_seconds * (mark.depth / at_depth if at_depth else 1)
        is_slow = expected_seconds > (LAST_PROMPT_SECONDS if is_last else PROMPT_SECONDS)
        n_prompt = min(mark.n_prompt, SHORT_PROMPT) if is_slow else mark.n_prompt
        here = replace(mark, n_prompt=n_prompt, n_single=min(mark.n_single, most_single))
        n_filled = fill_gap(n_filled, here.start)
        prompt_seconds = context.decode(n_prompt, n_filled)
        token_seconds, at_depth = prompt_seconds / n_prompt, mark.depth
        meter.add(n_prompt)
        n_filled += n_prompt
        singles: list[float] = []
        # The last ends where the context does, however slow it is.
        wanted = context.n_ctx_seq - n_filled if is_last else here.n_single
        while len(singles) < wanted and (is_last or not _is_enough(singles)):
            singles.append(context.decode(1, n_filled))
            meter.add(1)
            n_filled += 1
        most_single = len(singles)
        measuring_seconds += sum(singles) + (0.0 if is_last else prompt_seconds)
        after_mark(n_filled)
        points.append(speed_point(mark.depth, n_prompt, prompt_seconds, singles))
    return Speeds(points, measuring_seconds, n_prompt)


def _is_enough(singles: Sequence[float]) -> bool:
    seconds = sum(singles)
    return seconds >= SLOW_SECONDS or (len(singles) >= FEW_SINGLE and seconds >= FEW_SECONDS)


def decode_gap(context: RealContext, meter: Meter, first: int, end: int, seq: int = 0) -> int:
    """Every token decoded, a batch at a time."""
    while first < end:
        n = min(context.n_batch, end - first)
        context.decode(n, first, seq)
        meter.add(n)
        first += n
    return end


def refuses_one_more(llama: Native, context: RealContext, *, is_recurrent: bool) -> bool | None:
    """Whether a further token of sequence 0 finds no cell; None for a model that keeps no cells.

    Raises Refusal if the sequence does not end where it should.
    """
    last = llama.llama_memory_seq_pos_max(context.memory, 0)
    if last != context.n_ctx_seq - 1:
        raise Refusal("engine", f"The sequence ends at {last}, not at {context.n_ctx_seq - 1}.")
    if is_recurrent:
        return None
    return context.try_decode(1, context.n_ctx_seq) == NO_SLOT


def speed_point(depth: int, n_prompt: int, prompt_seconds: float, singles: Sequence[float]) -> dict[str, Any]:
    """Tokens a second at a depth: of a prompt's piece, and of single tokens by the seconds of each.

    By the middle one of these: another program that takes a core for a moment makes a few tokens very slow.
    """
    typical = statistics.median(singles) if singles else 0.0
    return {
        "depth": depth,
        "prefill_tokens_per_second": n_prompt / prompt_seconds if n_prompt and prompt_seconds > 0 else None,
        "decode_tokens_per_second": 1 / typical if typical > 0 else None,
    }
