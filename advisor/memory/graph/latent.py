"""Attention over a latent cache (MLA), replayed.

Mirrors src/models/deepseek2.cpp and those that follow it: one compressed row a token serves all heads, and
the queries are multiplied into its space. Old files without `attn_k_b` unpack it to full keys and values.
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.attention import (
    POSITIONS,
    cells_of,
    flash_scores,
    gated,
    mask_of,
    score_heads,
)
from advisor.memory.graph.block import Block
from advisor.memory.graph.selection import choose, narrow_mask, store_key
from advisor.memory.graph.walk import F16, Walk
from advisor.model.facts import Attention

_WITHOUT_ROPE = frozenset({"glm5-next", "kimi-k3", "kimi-linear"})


def is_latent(block: Block) -> bool:
    return block.has("attn_kv_a_mqa")


def attend_latent(walk: Walk, block: Block, attention: Attention, norm: Piece) -> Piece:
    """From the normed input to the heads' results, not yet projected. Frees `norm`."""
    if not block.has("attn_k_b"):
        return _attend_unpacked(walk, block, attention, norm)
    n_heads, rank = attention.head_count, block.out("attn_k_b")
    value_width = n_heads * block.out("attn_v_b")
    selects = block.has("indexer.attn_q_b")
    if selects:
        store_key(walk, block)
    query = walk.new(block.out("attn_q_a"), by="attn_q_a") if block.has("attn_q_a") else None
    q = _queries(walk, block, attention, query if not selects else None)
    is_gated = block.has("attn_gate")
    _latent_row(walk, block, attention, None if selects or is_gated else norm)
    mask = None
    if attention.indexer_top_k:
        if selects:
            choose(walk, block, attention, query, None if is_gated else norm)
        mask = narrow_mask(walk)
    result = _score(walk, attention, q, n_heads * rank)
    walk.free(mask)
    result = walk.turn(walk.turn(result, value_width, by="attn_v_b"), value_width)
    if is_gated:
        return gated(walk, result, value_width, norm, block.out("attn_gate"))
    return result


def _score(walk: Walk, attention: Attention, q: Piece, width: int) -> Piece:
    if walk.load.flash_attn:
        return flash_scores(walk, attention, q, width)
    load, mask, n_cells = walk.load, mask_of(attention), cells_of(walk.load, attention)
    copies = walk.fetch_cache(mask)
    scores = walk.new(attention.head_count * n_cells)
    walk.free(q)
    walk.has_read(mask)
    values = walk.take(F16 * n_cells * load.n_stream * width // attention.head_count)  # turned by hand
    result = walk.new(width)
    walk.free(scores, values, *copies)
    return result


def _queries(walk: Walk, block: Block, attention: Attention, query: Piece | None) -> Piece:
    """The queries in the latent space, with their rotated part behind; frees `query`."""
    rank = block.out("attn_k_b")
    rope = attention.key_length - rank
    n_heads = attention.head_count
    q_name = "attn_q_b" if block.has("attn_q_b") else "attn_q"
    q = walk.new(block.out(q_name), by=q_name)
    walk.free(query)
    absorbed = walk.new(n_heads * rank, by="attn_k_b", reads=POSITIONS)
    if not rope:
        walk.free(q)
        return absorbed
    if walk.load.architecture in _WITHOUT_ROPE:
        whole = walk.new(n_heads * (rank + rope))
        walk.free(absorbed, q)
        return whole
    turned = walk.new(n_heads * rope)
    walk.free(q)
    whole = walk.new(n_heads * (rank + rope))
    walk.free(absorbed, turned)
    return whole


def _latent_row(walk: Walk, block: Block, attention: Attention, norm: Piece | None) -> None:
    """What goes into the cache: the normed latent and the rotated part of the key. Frees `norm`."""
    rank = block.out("attn_k_b")
    rope = attention.key_length - rank
    both = walk.new(block.out("attn_kv_a_mqa"), by="attn_kv_a_mqa")
    walk.free(norm)
    if not rope:
        walk.free(both)
        return
    latent = walk.new(rank)
    if walk.load.architecture in _WITHOUT_ROPE:
        row = walk.new(rank + rope)
        walk.free(latent, both, row)
        return
    turned = walk.new(rope)
    walk.free(both)
    row = walk.new(rank + rope)
    walk.free(latent, turned, row)


def _attend_unpacked(walk: Walk, block: Block, attention: Attention, norm: Piece) -> Piece:
    """minicpm3, plm and old deepseek2 files: full keys and values are made and cached."""
    q_width = attention.head_count * attention.key_length
    rank = block.into("attn_kv_b")
    rope = block.out("attn_kv_a_mqa") - rank
    v_width = attention.head_count_kv * attention.value_length
    query = walk.new(block.out("attn_q_a"), by="attn_q_a") if block.has("attn_q_a") else None
    q = walk.new(q_width, by="attn_q_b" if query else "attn_q", reads=POSITIONS)
    walk.free(query)
    q = walk.turn(q, q_width)
    both = walk.new(rank + rope, by="attn_kv_a_mqa")
    walk.free(norm)
    latent = walk.new(rank)
    unpacked = walk.new(block.out("attn_kv_b"), by="attn_kv_b")
    walk.free(latent)
    v = walk.new(v_width)
    turned = walk.new(rope)
    walk.free(both)
    k = walk.new(q_width)
    walk.free(unpacked, turned, k, v)
    return score_heads(walk, attention, q)
