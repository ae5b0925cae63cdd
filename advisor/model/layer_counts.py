"""How many layers of a model keep what, and what a token and a sequence cost."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.model.facts import Layer, ModelFacts
from advisor.model.kv_row import growing_f16_bytes, grows, state_bytes


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """Counts of layers; one layer may be in several. Bytes are for one sequence."""

    n_layer: int
    n_attention: int
    n_growing: int  # their cache grows with the context
    n_windowed: int
    windows: tuple[int, ...]  # in tokens, smallest first; usually one
    n_shared: int  # they read another layer's cache
    n_latent: int  # MLA: one compressed vector instead of keys and values
    n_indexed: int  # sparse attention: an extra key that selects tokens
    n_compressed: int  # deepseek4: several tokens in one key
    n_recurrent: int
    n_prediction: int  # blocks in the file that predict several tokens ahead, not loaded
    head_counts: tuple[tuple[int, int], ...]  # (heads, key-value heads), each pair once, in layer order
    sharing_factor: float  # heads for each key-value head, over all layers; 1: every head keeps a cache
    f16_bytes_per_token: float  # what each further token of a long context takes with an f16 cache
    state_bytes: int


def count_layers(facts: ModelFacts) -> LayerCounts:
    """The counts of one model. Latent layers are left out of `sharing_factor`: they share in another way."""
    attention = [layer.attention for layer in facts.layers if layer.attention]
    by_head = [a for a in attention if not a.keys_only]
    n_kv = sum(a.head_count_kv for a in by_head)
    return LayerCounts(
        n_layer=facts.n_layer,
        n_attention=len(attention),
        n_growing=sum(map(grows, attention)) if facts.has_cache else 0,
        n_windowed=sum(1 for a in attention if a.window),
        windows=tuple(sorted({a.window for a in attention if a.window})),
        n_shared=sum(1 for a in attention if a.shares_cache_of is not None),
        n_latent=sum(1 for a in attention if a.keys_only),
        n_indexed=sum(1 for a in attention if a.indexer_key_length),
        n_compressed=sum(1 for a in attention if a.compress_ratio),
        n_recurrent=sum(1 for layer in facts.layers if _is_recurrent(layer)),
        n_prediction=facts.n_layer_all - facts.n_layer,
        head_counts=tuple(dict.fromkeys((a.head_count, a.head_count_kv) for a in attention)),
        sharing_factor=sum(a.head_count for a in by_head) / n_kv if n_kv else 1.0,
        f16_bytes_per_token=growing_f16_bytes(facts),
        state_bytes=state_bytes(facts),
    )


def _is_recurrent(layer: Layer) -> bool:
    """deepseek4's compressor state belongs to its attention: those layers are not recurrent."""
    compressed = layer.attention is not None and layer.attention.compress_ratio > 0
    return layer.recurrence is not None and not compressed
