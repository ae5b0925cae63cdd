"""One token's row in a layer's cache, in elements, and what one more token of context costs.

Mirrors the tensor shapes of src/llama-kv-cache.cpp. Bytes by cache type are `advisor.memory`'s business.
"""

from __future__ import annotations

from advisor.model.facts import Attention, ModelFacts, Recurrence

_F16_BYTES = 2
_F32_BYTES = 4


def key_elements(attention: Attention) -> int:
    """Elements of K that one token takes in this layer's own cache (n_embd_k_gqa)."""
    return attention.key_length * attention.head_count_kv


def value_elements(attention: Attention) -> int:
    """Elements of V; 0 where the key serves as value (MLA)."""
    return 0 if attention.keys_only else attention.value_length * attention.head_count_kv


def grows(attention: Attention) -> bool:
    """Whether the layer's cache grows with the context: it has its own, and no window."""
    return attention.shares_cache_of is None and not attention.window


def growing_f16_bytes(facts: ModelFacts) -> float:
    """Bytes that each further token of a long context takes with an f16 cache.

    Windowed layers are full by then, and recurrent state is of fixed size. A compressed cache
    (deepseek4) grows by a fraction of a row.
    """
    if not facts.has_cache:
        return 0
    return _F16_BYTES * sum(_growing_elements(layer.attention) for layer in facts.layers if layer.attention)


def _growing_elements(attention: Attention) -> float:
    if attention.compress_ratio:
        return (key_elements(attention) + attention.indexer_key_length) / attention.compress_ratio
    indexer = attention.indexer_key_length + attention.indexer_value_length
    if not grows(attention):
        return indexer
    return key_elements(attention) + value_elements(attention) + indexer


def state_bytes(facts: ModelFacts) -> int:
    """Bytes of recurrent state that one sequence takes, at any context: always f32."""
    return sum(recurrence_bytes(layer.recurrence) for layer in facts.layers if layer.recurrence)


def recurrence_bytes(recurrence: Recurrence) -> int:
    """The same of one layer."""
    return _F32_BYTES * (recurrence.conv_elements + recurrence.state_elements)
