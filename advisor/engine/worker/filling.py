"""Filling a context to its last token, by either method, and its speed on the way.

Both methods really decode before each quarter: a prompt's piece at once, then up to 32 tokens one by one,
which stay (hybrid models cannot remove a token). What lies between is `fill_gap`'s. Batches of odd sizes are
avoided: a GPU's driver would build kernels for each of them, which takes seconds and memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .native import Native
from .real_context import NO_SLOT, RealContext
from .refusal import Refusal
from .watch import Watch

N_SINGLE = 32
# A slow computer measures fewer tokens: single ones for so long, and a piece of the prompt where a whole
# ubatch would take longer than this.
SINGLE_SECONDS, PROMPT_SECONDS, SHORT_PROMPT = 1.0, 0.25, 64

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
    return [Mark(0, n_prompt, n_single), *quarters, Mark(n_ctx, min(n_ubatch, n_ctx // 8), n_single)]


def fill(
    context: RealContext, fill_gap: FillGap, check_mark: Callable[[int], None], meter: Meter
) -> list[dict[str, Any]]:
    """Fills sequence 0; the speed at each mark. `check_mark` is told after each how many tokens there are."""
    speed = []
    n_filled, n_ubatch = 0, context.n_ubatch
    most_prompt, most_single = n_ubatch, N_SINGLE
    for mark in marks(context.n_ctx_seq, n_ubatch):
        here = replace(
            mark, n_prompt=min(mark.n_prompt, most_prompt), n_single=min(mark.n_single, most_single)
        )
        n_filled = fill_gap(n_filled, here.start)
        prompt_seconds = context.decode(here.n_prompt, n_filled)
        is_slow = prompt_seconds / here.n_prompt * n_ubatch > PROMPT_SECONDS
        most_prompt = SHORT_PROMPT if is_slow else n_ubatch
        meter.add(here.n_prompt)
        n_filled += here.n_prompt
        n_single, single_seconds = 0, 0.0
        # The last ends where the context does, however slow it is.
        is_last = here.depth == context.n_ctx_seq
        wanted = context.n_ctx_seq - n_filled if is_last else here.n_single
        while n_single < wanted and (is_last or single_seconds < SINGLE_SECONDS):
            single_seconds += context.decode(1, n_filled)
            meter.add(1)
            n_single += 1
            n_filled += 1
        most_single = n_single
        check_mark(n_filled)
        speed.append(speed_point(here.depth, here.n_prompt, prompt_seconds, n_single, single_seconds))
    return speed


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


def speed_point(
    depth: int, n_prompt: int, prompt_seconds: float, n_single: int, single_seconds: float
) -> dict[str, Any]:
    return {
        "depth": depth,
        "prefill_tokens_per_second": n_prompt / prompt_seconds if n_prompt and prompt_seconds > 0 else None,
        "decode_tokens_per_second": n_single / single_seconds if n_single and single_seconds > 0 else None,
    }
