"""The tensors of a KV cache that lie on GPUs, for the worker to ask each device about them beforehand.

llama.cpp ends its process over one that a device cannot work on. Mirrors llama_kv_cache, cpy_k and cpy_v of
src/llama-kv-cache.cpp, the second cache of src/llama-kv-cache-dsa.cpp and -msa.cpp, and the compressed ones
of src/llama-kv-cache-dsv4.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from advisor.memory.kv_cache import compressed_cells, n_cells, n_stream, n_ubatch, uses_flash_attn
from advisor.model.facts import Attention, ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import pad

HOST = "CPU"


@dataclass(frozen=True, slots=True)
class CacheTensor:
    """Rows of `n_elements` each, all streams together; `n_written` of them are written in one operation."""

    name: str  # as llama.cpp calls it
    device: str
    cache_type: str
    n_elements: int
    n_rows: int
    n_written: int


def cache_tensors(
    facts: ModelFacts, settings: LoadSettings, layer_devices: Mapping[int, str]
) -> tuple[CacheTensor, ...]:
    """Those on GPUs, each kind once, by the first layer that has it.

    `layer_devices` is the engine's own placement. None for an architecture whose shapes were never compared
    with the engine's: what might work must not be refused.
    """
    if not (settings.offload_kqv and facts.has_cache and facts.verified):
        return ()
    kinds: dict[CacheTensor, CacheTensor] = {}
    for layer in facts.layers:
        device, attention = layer_devices.get(layer.index, HOST), layer.attention
        if device == HOST or attention is None or attention.shares_cache_of is not None:
            continue
        for tensor in _of_layer(facts, settings, attention, device, layer.index):
            kinds.setdefault(replace(tensor, name=""), tensor)
    return tuple(kinds.values())


def _of_layer(
    facts: ModelFacts, settings: LoadSettings, attention: Attention, device: str, layer: int
) -> Iterator[CacheTensor]:
    streams = n_stream(facts, settings)
    # The largest graph that is reserved for (src/llama-context.cpp: sched_reserve, graph_reserve).
    n_tokens = pad(min(settings.n_ctx, n_ubatch(facts, settings)), settings.n_seq_max)
    rows = n_cells(facts, settings, attention) * streams
    key, cache_type_k = attention.key_length * attention.head_count_kv, settings.cache_type_k
    yield CacheTensor(f"cache_k_l{layer}", device, cache_type_k, key, rows, n_tokens)
    if not attention.keys_only:
        value, value_rows, written = attention.value_length * attention.head_count_kv, rows, n_tokens
        if not uses_flash_attn(facts, settings):
            # Transposed: as wide as the widest layer's, and written value by value.
            width = max(value, facts.value_row_max)
            value, value_rows, written = 1, rows * width, n_tokens * width
        yield CacheTensor(f"cache_v_l{layer}", device, settings.cache_type_v, value, value_rows, written)
    if ratio := attention.compress_ratio:
        # One of these is written for `ratio` tokens: never more than into the cache above.
        few, written = compressed_cells(settings, ratio) * streams, 1
        yield CacheTensor(f"cache_k_l{layer}", device, cache_type_k, key, few, written)
    else:
        few, written = settings.n_ctx_per_slot * streams, n_tokens
    if indexer := attention.indexer_key_length:
        yield CacheTensor(f"cache_k_l{layer}", device, cache_type_k, indexer, few, written)
