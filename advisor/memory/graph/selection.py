"""Sparse attention's choice of tokens, replayed: an indexer scores the cache for every token of the batch.

Mirrors the indexers of src/models/deepseek32.cpp, glm5-next.cpp, qwen4exp.cpp and minimax-m3.cpp, with
`build_attn` over a narrowed mask (src/llama-graph.cpp). The scores are the one activation that grows with
batch times context.
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.block import Block
from advisor.memory.graph.walk import F16, F32, Pass, Walk
from advisor.model.facts import Attention

INDEXER = "indexer"  # its own mask
_HADAMARD = frozenset({"deepseek32", "deepseek4", "dots3note", "glm-dsa"})


def n_scored(load: Pass, attention: Attention) -> int:
    """Keys that one token is compared with."""
    if attention.compress_ratio:
        return load.compressed_cells(attention)
    return load.n_cells // attention.indexer_pool


def n_chosen(load: Pass, attention: Attention) -> int:
    n_cells = load.n_cells if not attention.compress_ratio else load.compressed_cells(attention)
    return min(attention.indexer_top_k, n_cells)


def store_key(walk: Walk, block: Block) -> None:
    """The token's indexer key, made and stored before anything else of the layer."""
    width = block.out("indexer.attn_k")
    if block.layer.attention and block.layer.attention.indexer_pool > 1:
        _pool_keys(walk, width, block.layer.attention.indexer_pool)
        return
    key = walk.turn(walk.turn(walk.new(width), width), width)
    if walk.load.architecture in _HADAMARD:
        key = walk.turn(key, width)
    walk.free(key)


def _pool_keys(walk: Walk, width: int, pool: int) -> None:
    """glm5-next weighs the whole cache's keys by their gates and sums neighbours, in every pass."""
    n_bytes = F32 * walk.load.n_cells * width
    cells = walk.take(2 * n_bytes)
    first = walk.take(n_bytes)
    for _ in "permute", "soft-max":
        second = walk.take(n_bytes)
        walk.free(first)
        first = second
    weighed = walk.take(n_bytes)
    walk.free(cells, first)
    pooled = walk.take(n_bytes // pool)
    walk.free(weighed, pooled)


def choose(walk: Walk, block: Block, attention: Attention, query: Piece | None, norm: Piece | None) -> None:
    """Scores the keys and picks the best. Frees `query` and `norm`."""
    width, n_heads = block.out("indexer.attn_q_b"), block.out("indexer.proj")
    n_best = n_chosen(walk.load, attention)
    q = walk.new(width)
    walk.free(query)
    if attention.indexer_pool == 1:
        q = walk.turn(q, width)
    if walk.load.architecture in _HADAMARD:
        q = walk.turn(q, width)
    weights = walk.new(n_heads)
    walk.free(norm)
    weights = walk.turn(weights, n_heads)
    scores = walk.new(n_scored(walk.load, attention))
    walk.free(q, weights)
    walk.has_read(INDEXER)
    if attention.indexer_pool > 1:
        _unpool(walk, scores, attention)
        return
    best = walk.turn(scores, n_best)
    walk.free(walk.turn(best, n_best))


def narrow_mask(walk: Walk) -> Piece:
    """A mask that lets through only the chosen cells."""
    n_cells = walk.load.n_cells
    filled = walk.new(n_cells, F16)
    walk.has_read(zeros_of(walk.index))
    return walk.turn(filled, n_cells, F16)


def _unpool(walk: Walk, scores: Piece, attention: Attention) -> None:
    """glm5-next sorts the chosen groups and lists the tokens in them."""
    n_tokens = n_chosen(walk.load, attention)
    n_groups = n_tokens // attention.indexer_pool
    best, copy, rows = walk.new(n_groups), walk.new(n_groups), walk.new(n_groups)
    walk.free(scores, best)
    order = walk.turn(rows, n_groups)
    rows = walk.new(n_groups)
    walk.free(copy, order)
    best = walk.turn(walk.turn(rows, n_groups), n_groups)
    wide = walk.turn(walk.turn(best, n_tokens), n_tokens)
    spread, cast = walk.new(n_tokens), walk.new(n_tokens)
    walk.free(wide)
    weights = walk.new(n_tokens)
    walk.has_read(zeros_of(walk.index))
    walk.free(weights)
    copy = walk.turn(cast, n_tokens)
    walk.free(walk.turn(spread, n_tokens), copy)


def choose_pooled(walk: Walk, block: Block, attention: Attention, norm: Piece | None) -> Piece:
    """qwen4exp: each head's scores of all groups of neighbours, then the tokens of the best. Frees `norm`."""
    load = walk.load
    width, head = block.out("indexer.q_proj"), max(1, block.out("indexer.k_proj"))
    n_groups = load.n_cells // attention.indexer_pool
    cells = walk.take(F32 * load.n_cells * head)
    pooled, other = walk.take(F32 * n_groups * head), walk.take(F32 * n_groups * head)
    walk.free(other, cells)
    turned = walk.take(F32 * n_groups * head)
    walk.free(pooled)
    keys = walk.take(F32 * n_groups * head)
    walk.free(turned)
    q = walk.new(width)
    walk.free(norm)
    q = walk.turn(q, width)
    scores = walk.new(n_groups * (width // head))
    walk.free(keys, q)
    walk.free(walk.turn(scores, n_groups * (width // head)))
    walk.has_read(INDEXER)
    of_tokens = walk.turn(walk.new(load.n_cells), load.n_cells)
    best = walk.turn(of_tokens, n_chosen(load, attention))
    walk.free(walk.turn(best, n_chosen(load, attention)))
    filled = walk.new(load.n_cells, F16)
    walk.has_read(zeros_of(walk.index))
    return filled


def choose_blocks(walk: Walk, block: Block, norm: Piece | None) -> Piece:
    """minimax-m3: whole blocks, for each head of the indexer a mask of its own. Frees `norm`."""
    load = walk.load
    width, head = block.out("indexer.q_proj"), max(1, block.out("indexer.k_proj"))
    n_heads = width // head
    q = walk.new(width)
    walk.free(norm)
    walk.free(walk.turn(q, width))
    each = walk.new(load.n_cells * n_heads)
    each = walk.turn(each, load.n_cells * n_heads)
    walk.free(walk.new(load.n_cells))
    return walk.turn(each, load.n_cells * n_heads, F16)


def zeros_of(index: int) -> str:
    """The name of what a selecting block scatters into its mask."""
    return f"zeros of {index}"


def zeros_bytes(load: Pass, block: Block) -> int:
    """That table: in place before the pass begins, for every block that narrows its mask."""
    attention = block.layer.attention
    if attention is None or not attention.indexer_top_k:
        return 0
    if attention.compress_ratio:
        return F16 * n_chosen(load, attention) * load.n_tokens if block.has("indexer.attn_q_b") else 0
    if block.has("attn_kv_a_mqa") or (attention.indexer_pool > 1 and block.has("indexer.q_proj")):
        return F32 * n_chosen(load, attention) * load.n_tokens
    return 0
