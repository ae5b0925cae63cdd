"""Attention, layer by layer: heads, head sizes, shared caches, latent caches.

Mirrors the loop of `llama_kv_cache::llama_kv_cache` (src/llama-kv-cache.cpp) and the layer filters that
`create_memory` (src/llama-model.cpp) gives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.model import architectures, refusals
from advisor.model.facts import Attention
from advisor.model.indexer import Indexer
from advisor.model.keys import Keys
from advisor.model.recurrence import HYBRID, attends
from advisor.model.shape import Shape

# Their cache is filtered by kind of layer alone, so that prediction blocks keep one, too.
_CACHES_ALL_BLOCKS = frozenset({"deepseek4", "graniteswitch", "hy_v4", "minimax-m3"})

_GEMMA3N_OWN_CACHES = 20  # src/models/gemma3n.cpp: n_layer_kv_from_start


def read_attention(
    keys: Keys, shape: Shape, windows: Sequence[int], recurrent: Sequence[bool], indexer: Indexer
) -> tuple[Attention | None, ...]:
    """Each block's attention, None where it has none or the main context keeps no cache for it.

    Raises ModelFactsError for heads that cannot be.
    """
    _check_heads(keys, shape, recurrent)
    n_own = _blocks_with_own_cache(keys, shape)
    layers = [
        _attention(shape, il, windows[il], _donor(shape, il, n_own, windows[il]), indexer)
        if _is_cached(shape, recurrent, il)
        else None
        for il in range(shape.n_layer_all)
    ]
    if not any(layers) and not any(recurrent):
        raise refusals.contradiction("The header describes no layer that could remember anything.")
    return tuple(layers)


def _check_heads(keys: Keys, shape: Shape, recurrent: Sequence[bool]) -> None:
    """llama.cpp reads a missing or zero head count without a word, and fails on the tensors later."""
    name = "attention.head_count"
    if any(shape.head_count) or all(recurrent):
        return
    if keys.has(name):
        raise refusals.absurd(keys.full(name), "is 0")
    raise refusals.missing(keys.full(name), keys.architecture, known=keys.known)


def value_row_max(shape: Shape, windows: Sequence[int]) -> int:
    """The widest value row over all blocks, in elements (n_embd_v_gqa_max)."""
    return max(
        kv * (shape.value_length_swa if window else shape.value_length)
        for kv, window in zip(shape.head_count_kv, windows, strict=True)
    )


def _is_cached(shape: Shape, recurrent: Sequence[bool], il: int) -> bool:
    if not shape.head_count_kv[il]:
        return False
    if shape.architecture in architectures.RECURRENT:
        return False
    if shape.architecture in HYBRID or any(recurrent):
        return attends(shape, recurrent, il)
    # A file of nothing but prediction blocks (a draft) caches those.
    return il < shape.n_layer or shape.n_layer == 0 or shape.architecture in _CACHES_ALL_BLOCKS


def _blocks_with_own_cache(keys: Keys, shape: Shape) -> int:
    """The blocks behind these read a cache of these (hparams.n_layer_kv_from_start)."""
    if shape.architecture == "gemma3n":
        return _GEMMA3N_OWN_CACHES
    if shape.architecture != "gemma4":
        return shape.n_layer_all
    n_shared = keys.number("attention.shared_kv_layers", 0)
    if n_shared > shape.n_layer_all - 2:
        raise refusals.absurd(
            keys.full("attention.shared_kv_layers"),
            f"is {n_shared:,}, but at least 2 of {shape.n_layer_all} layers need a cache of their own",
        )
    return shape.n_layer_all - n_shared


def _donor(shape: Shape, il: int, n_own: int, window: int) -> int | None:
    """The last layer with its own cache and the same kind of attention; such models end "windowed, full"."""
    if il < n_own or shape.architecture not in ("gemma3n", "gemma4"):
        return None
    return n_own - (2 if window else 1)


def _attention(shape: Shape, il: int, window: int, donor: int | None, indexer: Indexer) -> Attention:
    heads, heads_kv = shape.head_count[il], shape.head_count_kv[il]
    key_length = shape.key_length_swa if window else shape.key_length
    if heads % heads_kv or not heads:
        raise refusals.contradiction(
            f"The header says that {heads:,} attention heads share {heads_kv:,} key-value heads in layer "
            f"{il}, which does not divide."
        )
    if not key_length:
        raise refusals.contradiction(
            f"The header does not say how large the attention heads of layer {il} are (key_length)."
        )
    return Attention(
        head_count=heads,
        head_count_kv=heads_kv,
        key_length=key_length,
        value_length=shape.value_length_swa if window else shape.value_length,
        window=window,
        shares_cache_of=donor,
        keys_only=shape.is_mla or shape.architecture == "deepseek4",
        indexer_key_length=indexer.key_lengths[il],
        indexer_value_length=indexer.value_lengths[il],
        compress_ratio=indexer.compress_ratios[il],
        indexer_top_k=0 if window and not indexer.compress_ratios[il] else indexer.top_k,
        indexer_pool=indexer.pool,
    )
