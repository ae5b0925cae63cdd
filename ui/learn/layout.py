"""Where the pieces of the drawing of a chat in its context lie. No Qt: pixels are plain floats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ui.learn.numbers import Pile

SMALLEST = 3.0  # a few tokens in a large context must still be seen


class Piece(StrEnum):
    PROMPT = "prompt"
    ANSWER = "answer"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a bar, in pixels from where reading begins."""

    piece: Piece
    amount: int
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width


def token_spans(pile: Pile, width: float) -> tuple[Span, ...]:
    """Prompt, answer and free headroom over the whole width. What is empty has no piece."""
    amounts = [
        (piece, n)
        for piece, n in (
            (Piece.PROMPT, pile.n_prompt),
            (Piece.ANSWER, pile.n_answer),
            (Piece.FREE, pile.n_free),
        )
        if n > 0
    ]
    sizes = [max(SMALLEST, n * width / pile.n_ctx) for _, n in amounts]
    excess = sum(sizes) - width
    widest = max(range(len(sizes)), key=lambda i: sizes[i])
    sizes[widest] -= excess  # the widest gives way, so that all end where the bar ends
    spans, left = [], 0.0
    for (piece, amount), size in zip(amounts, sizes, strict=True):
        spans.append(Span(piece, amount, left, size))
        left += size
    return tuple(spans)


def filled_width(pile: Pile, width: float) -> float:
    """How far the reserved cache is in use, in pixels."""
    if not pile.kv_bytes or not pile.filled_bytes:
        return 0.0
    return min(width, max(SMALLEST, pile.filled_bytes * width / pile.kv_bytes))
