"""Sparse attention: the extra caches by which a layer finds the tokens that it looks at.

Mirrors src/llama-kv-cache-dsa.cpp, -dsa-iswa, -msa, -dsv4 and src/llama-memory-hybrid-idx.cpp, with the
layer filters of `create_memory` (src/llama-model.cpp).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.model import refusals
from advisor.model.facts import Recurrence
from advisor.model.keys import Keys
from advisor.model.shape import Shape

_KEY_LENGTH = "attention.indexer.key_length"
_TYPES = "attention.indexer.types"
_TOP_K = "attention.indexer.top_k"

# src/llama-kv-cache-dsv4.cpp: DSV4_CSA_RATIO, DSV4_HCA_RATIO
_FINE_RATIO = 4
_COARSE_RATIO = 128

# src/models/glm-dsa.cpp: GLM_5_2_DEFAULT_INDEXER_TYPES, for files of a million tokens without the key:
# the first two layers, then the first of every four; 78 layers are listed.
_GLM_5_2_CONTEXT = 1_048_576
_GLM_5_2_LISTED = 78


@dataclass(frozen=True, slots=True)
class Indexer:
    """Elements a token that each block keeps beside its cache, and its compression; 0: none.

    `top_k` cells are looked at by every layer without a window, with an indexer of its own or not.
    """

    key_lengths: tuple[int, ...]
    value_lengths: tuple[int, ...]
    compress_ratios: tuple[int, ...]
    top_k: int = 0
    pool: int = 1


def read_indexer(keys: Keys, shape: Shape, windows: Sequence[int], recurrent: Sequence[bool]) -> Indexer:
    """The indexer caches of every block; raises ModelFactsError."""
    none = (0,) * shape.n_layer_all
    if shape.architecture == "deepseek4":
        ratios = _compress_ratios(keys, shape)
        length = keys.positive(_KEY_LENGTH)
        lengths = tuple(length if r == _FINE_RATIO else 0 for r in ratios)
        return Indexer(lengths, none, ratios, top_k=keys.number(_TOP_K, 0))
    has_indexer = _layers_with_indexer(keys, shape, recurrent)
    if not any(has_indexer):
        return Indexer(none, none, none)
    length = keys.number(_KEY_LENGTH) * _keys_per_token(keys, shape)
    # The indexer's cache is the plain one with its head size overwritten, for layers without a window only.
    key_lengths = tuple(
        (shape.key_length_swa if window else length) if has else 0
        for has, window in zip(has_indexer, windows, strict=True)
    )
    has_values = shape.architecture not in ("glm5-next", "qwen4exp") and not shape.is_mla
    value_lengths = tuple(shape.value_length if has and has_values else 0 for has in has_indexer)
    return Indexer(key_lengths, value_lengths, none, top_k=keys.number(_TOP_K, 0), pool=_pool(keys, shape))


def _layers_with_indexer(keys: Keys, shape: Shape, recurrent: Sequence[bool]) -> tuple[bool, ...]:
    blocks = range(shape.n_layer_all)
    match shape.architecture:
        case "deepseek32":
            layers = [il < shape.n_layer for il in blocks]
        case "glm-dsa" | "dots3note" | "glm5-next":
            full = _full_indexers(keys, shape)
            layers = [il < shape.n_layer and full[il] and not recurrent[il] for il in blocks]
        case "hy_v4" if keys.number(_TOP_K, 0):
            layers = list(_full_indexers(keys, shape))
        case "qwen4exp":
            layers = [il < shape.n_layer and not recurrent[il] for il in blocks]
        case "minimax-m3":
            n_dense = keys.number("leading_dense_block_count", 0)
            layers = [il >= n_dense for il in blocks]
        case _:
            layers = [False for _ in blocks]
    return tuple(layers)


def _full_indexers(keys: Keys, shape: Shape) -> tuple[bool, ...]:
    """Blocks with an indexer of their own; the others use the selection of the one before."""
    n, architecture = shape.n_layer, shape.architecture
    rest = (0,) * (shape.n_layer_all - n)
    if architecture == "dots3note":
        listed = keys.required_array(_TYPES)
        return tuple(il < len(listed) and bool(listed[il]) for il in range(shape.n_layer_all))
    if keys.has(_TYPES):
        return tuple(map(bool, keys.per_layer(_TYPES, n) + rest))
    if architecture == "hy_v4":
        return (False,) * shape.n_layer_all
    if architecture == "glm-dsa" and shape.n_ctx_train >= _GLM_5_2_CONTEXT:
        return tuple(il < _GLM_5_2_LISTED and (il < 2 or il % 4 == 2) for il in range(shape.n_layer_all))
    return (True,) * shape.n_layer_all


def _keys_per_token(keys: Keys, shape: Shape) -> int:
    """glm5-next keeps key, gate and pooled value (llama-memory-hybrid-idx.cpp)."""
    return 3 if shape.architecture == "glm5-next" and keys.number("attention.indexer.kpool") else 1


def _pool(keys: Keys, shape: Shape) -> int:
    """Tokens that are scored as one (src/models/glm5-next.cpp: kpool, qwen4exp.cpp: compress_ratio)."""
    if shape.architecture == "glm5-next":
        return max(1, keys.number("attention.indexer.kpool"))
    if shape.architecture == "qwen4exp":
        return max(1, *keys.per_layer("attention.compress_ratios", shape.n_layer_all, 1))
    return 1


def _compress_ratios(keys: Keys, shape: Shape) -> tuple[int, ...]:
    ratios = keys.required_array("attention.compress_ratios")
    if len(ratios) < shape.n_layer_all:
        raise refusals.wrong_length(keys.full("attention.compress_ratios"), len(ratios), shape.n_layer_all)
    # Ratios of another size have no cache of their own.
    return tuple(r if r in (_FINE_RATIO, _COARSE_RATIO) else 0 for r in ratios[: shape.n_layer_all])


def compressor_state(shape: Shape, indexer: Indexer, windows: Sequence[int], il: int) -> Recurrence | None:
    """deepseek4's f32 state of the tokens not yet compressed (llama_dsv4_comp_state): keys and scores.

    The fine compressor overlaps two windows, so it keeps twice the rows at twice the width.
    """
    ratio = indexer.compress_ratios[il]
    if not ratio or il >= shape.n_layer:
        return None
    key_length = shape.key_length_swa if windows[0] else shape.key_length
    if ratio == _COARSE_RATIO:
        return Recurrence(0, 2 * ratio * key_length)
    return Recurrence(0, 2 * (2 * ratio) * 2 * (key_length + indexer.key_lengths[il]))
