"""deepseek4's attention over a window and compressed keys, replayed.

Mirrors src/models/deepseek4.cpp: every layer has a raw window; some add a cache in which one key stands for
4 tokens, searched by an indexer, others one in which a key stands for 128.
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.attention import WINDOW
from advisor.memory.graph.block import Block
from advisor.memory.graph.selection import choose, zeros_of
from advisor.memory.graph.walk import F16, F32, Walk
from advisor.model.facts import Attention

FINE, COARSE = "fine", "coarse"  # the masks of the compressed caches


def is_compressed(block: Block) -> bool:
    return block.has("attn_kv")


def attend_compressed(walk: Walk, block: Block, attention: Attention, norm: Piece) -> Piece:
    """From the normed input to the grouped results, not yet projected. Frees `norm`."""
    q_width = attention.head_count * attention.key_length
    selects = block.has("indexer.attn_q_b")
    query = walk.new(block.out("attn_q_a"), by="attn_q_a")
    q = walk.new(q_width, by="attn_q_b")
    walk.free(None if selects else query)
    q = walk.turn(q, q_width)
    key = walk.new(attention.key_length, by="attn_kv")
    walk.free(None if attention.compress_ratio else norm)
    walk.free(walk.turn(key, attention.key_length))
    mask = None
    if attention.compress_ratio:
        _compress(walk, block)
        if selects:
            choose(walk, block, attention, query, norm)
            mask = _narrow_mask(walk, attention)
        else:
            walk.free(norm)
            mask = walk.new(walk.load.n_window_cells + walk.load.compressed_cells(attention), F16)
            walk.has_read(COARSE)
    result = _score(walk, attention, q)
    walk.free(mask)
    walk.has_read(WINDOW)
    result = walk.turn(result, q_width)  # its positions are turned back
    grouped = block.into("attn_output_b")
    return walk.turn(walk.turn(result, grouped, by="attn_output_a"), grouped)


def _score(walk: Walk, attention: Attention, q: Piece) -> Piece:
    load = walk.load
    width = attention.head_count * attention.key_length
    n_cells = load.n_window_cells + (load.compressed_cells(attention) if attention.compress_ratio else 0)
    copies = walk.fetch_cache(WINDOW)
    if load.flash_attn:
        result = walk.take(F32 * width * walk.n_rows + load.scratch_bytes(attention, n_cells))
        walk.free(q, *copies)
        return result
    scores = walk.new(attention.head_count * n_cells)
    walk.free(q)
    values = walk.take(F16 * n_cells * load.n_stream * attention.key_length)
    result = walk.new(width)
    walk.free(scores, values, *copies)
    return walk.turn(result, width)


def _compress(walk: Walk, block: Block) -> None:
    """Scores and keys of the tokens that become one."""
    for name in ("attn_compressor_kv", "indexer_compressor_kv"):
        width = block.out(name)
        keys, scores = walk.new(width), walk.new(width)
        walk.free(walk.turn(walk.new(width), width), keys, scores)


def _narrow_mask(walk: Walk, attention: Attention) -> Piece:
    """The chosen compressed keys, behind the window."""
    n_cells = walk.load.compressed_cells(attention)
    filled = walk.new(n_cells, F16)
    walk.has_read(zeros_of(walk.index))
    walk.has_read(FINE)
    return walk.turn(filled, walk.load.n_window_cells + n_cells, F16)
