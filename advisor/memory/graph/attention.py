"""Attention over a cache that holds keys and values of every token, replayed.

Mirrors `build_qkv`, `build_attn` and `build_attn_mha` (src/llama-graph.cpp) and what most of
src/models/*.cpp put around them.
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.block import Block
from advisor.memory.graph.selection import choose_blocks, choose_pooled
from advisor.memory.graph.walk import F16, F32, Pass, Walk
from advisor.model.facts import Attention

FULL, WINDOW = "full", "window"  # the masks
POSITIONS = "positions"

# Positions are learned, biased or left to recurrent layers (LLAMA_ROPE_TYPE_NONE, src/llama-model.cpp):
# Q and K are not rotated, so there is no second copy of them.
_WITHOUT_ROPE = frozenset(
    {
        "bert",
        "bloom",
        "gpt2",
        "jais",
        "jamba",
        "jina-bert-v2",
        "mpt",
        "nemotron_h",
        "nemotron_h_moe",
        "refact",
        "starcoder",
        "t5",
        "t5encoder",
    }
)
_ROTATED_HEADS = 64  # src/llama-kv-cache.cpp: attn_rot_k, only for heads that this divides


def attend(walk: Walk, block: Block, attention: Attention, norm: Piece) -> Piece:
    """From the normed input to the heads' results, not yet projected. Frees `norm`."""
    q_width = attention.head_count * attention.key_length
    is_copied = _is_copied(walk, block)
    # Rotating belongs to the split of the last weight before it.
    positions = "" if walk.load.has_rope_table else POSITIONS
    if block.has("attn_qkv"):
        result = _attend_fused(walk, attention, norm, is_copied=is_copied)
        return _turn_back(walk, attention, result)
    if block.out("attn_q") == 2 * q_width:  # Q's matrix makes the gate, too (qwen3next, qwen35)
        both = walk.new(2 * q_width, by="attn_q", reads=positions)
        walk.reach(POSITIONS)
        q = walk.new(q_width)
    else:
        both = None
        q = walk.new(q_width, by="attn_q", reads=positions)
        walk.reach(POSITIONS)
        if is_copied and attention.shares_cache_of is None and _is_reordered(walk):
            return _project_together(walk, attention, norm, q)
        q = walk.turn(q, q_width) if is_copied else q
    q = rotate(walk, q, q_width, attention.key_length, is_quantized=walk.load.quantized_k)
    is_gated = block.has("attn_gate")
    selects = block.has("indexer.q_proj") and (attention.indexer_pool > 1 or walk.load.selects_blocks)
    k, v = _keys_and_values(walk, attention, None if is_gated or selects else norm, is_copied=is_copied)
    if selects:
        walk.free(k, v)
        k = v = None
        if attention.indexer_pool > 1:
            walk.free(choose_pooled(walk, block, attention, norm))
        else:
            walk.free(choose_blocks(walk, block, norm))
    result = _turn_back(walk, attention, _read(walk, attention, q, k, v))
    width = attention.head_count * attention.value_length
    if both is not None:
        gate = walk.new(width)
        walk.free(both, result)
        return gate
    return gated(walk, result, width, norm, block.out("attn_gate")) if is_gated else result


def _is_reordered(walk: Walk) -> bool:
    """A split that ends with the cache's update is small enough for the order to show."""
    carried = walk.carried
    return walk.load.is_reordered and carried.is_split and bool(carried.cache) and not carried.matrices


def _project_together(walk: Walk, attention: Attention, norm: Piece, q: Piece) -> Piece:
    """All three projections before the first is rotated."""
    k_width = attention.head_count_kv * attention.key_length
    v = walk.new(attention.head_count_kv * attention.value_length)
    k = walk.new(k_width)
    walk.free(norm)
    q = walk.turn(q, attention.head_count * attention.key_length)
    k = walk.turn(k, k_width)
    return _turn_back(walk, attention, _read(walk, attention, q, k, v))


def project(walk: Walk, result: Piece) -> Piece:
    """The output projection."""
    return walk.turn(result, walk.load.n_embd, by="attn_output")


def score_heads(walk: Walk, attention: Attention, q: Piece | None) -> Piece:
    """The heads' results; frees `q`. Without flash attention the whole score matrix exists at once."""
    width = attention.head_count * attention.value_length
    if walk.load.flash_attn:
        return flash_scores(walk, attention, q, width)
    mask = mask_of(attention)
    copies = walk.fetch_cache(mask)
    scores = walk.new(attention.head_count * cells_of(walk.load, attention))
    walk.free(q, *copies[:1])
    walk.has_read(mask)
    result = walk.turn(scores, width)
    walk.free(*copies[1:])
    return walk.turn(result, width)


def flash_scores(walk: Walk, attention: Attention, q: Piece | None, width: int) -> Piece:
    """The heads' results in one operation, with its scratch memory behind; frees `q`."""
    mask = mask_of(attention)
    copies = walk.fetch_cache(mask)
    scratch_bytes = walk.load.scratch_bytes(attention, cells_of(walk.load, attention))
    result = walk.take(F32 * width * walk.n_rows + scratch_bytes)
    walk.free(q, *copies)
    walk.has_read(mask)
    return result


def mask_of(attention: Attention) -> str:
    """The mask that a layer reads."""
    return WINDOW if attention.window else FULL


def cells_of(load: Pass, attention: Attention) -> int:
    """The cells of the cache that a layer looks at."""
    return load.n_window_cells if attention.window else load.n_cells


def rotate(walk: Walk, piece: Piece, width: int, head_size: int, *, is_quantized: bool) -> Piece:
    """A quantized cache is turned by a Hadamard matrix, and so is all that meets it."""
    if is_quantized and walk.load.has_cache and head_size % _ROTATED_HEADS == 0:
        return walk.turn(piece, width)
    return piece


def gated(walk: Walk, result: Piece, width: int, norm: Piece, gate_width: int) -> Piece:
    """Scales the heads' results by a gate that is made from the normed input."""
    gate = walk.new(gate_width, by="attn_gate")
    walk.free(norm)
    if gate_width == width:  # the product takes the gate's place
        walk.free(result)
        return gate
    walk.free(gate)
    return result


def _attend_fused(walk: Walk, attention: Attention, norm: Piece, *, is_copied: bool) -> Piece:
    """Q, K and V are views of one tensor."""
    q_width = attention.head_count * attention.key_length
    k_width = attention.head_count_kv * attention.key_length
    v_width = attention.head_count_kv * attention.value_length
    load = walk.load
    whole = walk.new(q_width + k_width + v_width, by="attn_qkv", reads=POSITIONS)
    walk.free(norm)
    is_turned = load.quantized_k and load.has_cache and attention.key_length % _ROTATED_HEADS == 0
    q = walk.new(q_width) if is_copied or is_turned else None
    if is_copied and is_turned and q is not None:
        q = walk.turn(q, q_width)
    walk.free(walk.new(k_width) if is_copied or is_turned else None)
    if q is not None:
        walk.free(whole)
        return score_heads(walk, attention, q)
    return score_heads(walk, attention, whole)


def _turn_back(walk: Walk, attention: Attention, result: Piece) -> Piece:
    width = attention.head_count * attention.value_length
    return rotate(walk, result, width, attention.value_length, is_quantized=walk.load.quantized_v)


def _read(walk: Walk, attention: Attention, q: Piece, k: Piece | None, v: Piece | None) -> Piece:
    """Stores K and V and reads the cache; without a cache they are read themselves, in half precision."""
    if walk.load.has_cache:
        walk.free(k, v)
        return score_heads(walk, attention, q)
    if k is not None:
        k = walk.turn(k, attention.head_count_kv * attention.key_length, F16)
    if v is not None:
        v = walk.turn(v, attention.head_count_kv * attention.value_length, F16)
    result = score_heads(walk, attention, q)
    walk.free(k, v)
    return result


def _is_copied(walk: Walk, block: Block) -> bool:
    """Rotating by position, or norming, makes a second tensor of Q and of K."""
    return block.has("attn_q_norm") or walk.load.architecture not in _WITHOUT_ROPE


def _keys_and_values(
    walk: Walk, attention: Attention, norm: Piece | None, *, is_copied: bool
) -> tuple[Piece | None, Piece | None]:
    """K and V, ready for the cache; none where another layer's cache is read. Frees `norm`."""
    if attention.shares_cache_of is not None:
        walk.free(norm)
        return None, None
    v_width = attention.head_count_kv * attention.value_length
    # build_attn expands V before K, except over windowed caches and without a cache.
    if walk.load.n_window_cells or not walk.load.has_cache:
        k = _keys(walk, attention, None, is_copied=is_copied)
        v = walk.new(v_width, by="attn_v")
        walk.free(norm)
        v = rotate(walk, v, v_width, attention.value_length, is_quantized=walk.load.quantized_v)
        return k, v
    v = walk.new(v_width, by="attn_v")
    v = rotate(walk, v, v_width, attention.value_length, is_quantized=walk.load.quantized_v)
    return _keys(walk, attention, norm, is_copied=is_copied), v


def _keys(walk: Walk, attention: Attention, norm: Piece | None, *, is_copied: bool) -> Piece:
    width = attention.head_count_kv * attention.key_length
    k = walk.new(width, by="attn_k")
    walk.free(norm)
    k = walk.turn(k, width) if is_copied else k
    return rotate(walk, k, width, attention.key_length, is_quantized=walk.load.quantized_k)
