"""Several residual streams beside one another (hyper-connections), replayed.

Mirrors the mixing before and after each half of a block in src/models/deepseek4.cpp, glm5-next.cpp,
hy-v4.cpp and qwen4exp.cpp: the streams are joined to one input, and the result is spread over all of them.
Gemma 3n's alternating updates (gemma3n.cpp) are near enough to that.
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.block import Block
from advisor.memory.graph.walk import Walk

_ALTUP_STREAMS = 4  # src/models/gemma3n.cpp: n_altup


def n_streams(block: Block, n_embd: int) -> int:
    """Residual streams; 1 for all but a few architectures."""
    if block.has("hc_attn_fn"):
        return max(1, block.into("hc_attn_fn") // n_embd)
    if block.has("altup_router"):
        return _ALTUP_STREAMS
    if block.has("hc_attn_down"):
        return max(1, block.into("hc_attn_down") // n_embd)
    return 1


def open_streams(walk: Walk, embedding: Piece, n: int) -> Piece:
    """All streams start as the embedding."""
    return walk.turn(embedding, n * walk.load.n_embd) if n > 1 else embedding


def join(walk: Walk, block: Block, n: int) -> Piece:
    """The input of one half of a block: the normed residual, or the streams' mixture."""
    width = walk.load.n_embd
    if n == 1:
        return walk.new(width)
    normed = walk.new(n * width)
    if block.has("hc_attn_up"):  # qwen4exp keeps the normed streams for its gate
        gate = walk.new(n * width)
        mixed = walk.new(width)
        walk.free(gate, normed)
        return mixed
    walk.free(normed)
    return walk.new(width)


def spread(walk: Walk, x: Piece, result: Piece, n: int) -> Piece:
    """The residual after one half of a block; frees what it is made of."""
    if n > 1:
        result = walk.turn(result, n * walk.load.n_embd)
    walk.free(x)
    return result
