"""A second, plain sum of the key-value cache and the recurrent state, to hold facts against the engine.

Written for one load without a GPU, and independent of `advisor.memory`: a rule that is wrong in both
places would have to be written twice.
"""

from __future__ import annotations

from advisor.model.facts import Attention, ModelFacts

# Elements and bytes of one block (ggml/src/ggml.c: type_traits).
BLOCKS = {"f32": (1, 4), "f16": (1, 2), "q8_0": (32, 34), "q4_0": (32, 18)}
ALIGNMENT = 32  # of every tensor in a CPU buffer


def row_bytes(cache_type: str, n_elements: int) -> int:
    """Bytes of one token's row (ggml_row_size)."""
    block, size = BLOCKS[cache_type]
    return n_elements // block * size


def _pad(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _window_cells(window: int, n_cells: int, n_ubatch: int, n_sequences: int) -> int:
    """src/llama-kv-cache-iswa.cpp"""
    return _pad(min(n_cells, window * n_sequences + n_ubatch), 256)


def kv_cache_bytes(
    facts: ModelFacts,
    n_ctx: int,
    cache_type: str,
    *,
    n_ubatch: int = 512,
    swa_full: bool = False,
    flash_attn: bool = True,
    n_seq_max: int = 1,
    unified: bool = True,
) -> int:
    """Bytes of all keys and values; `n_ctx` is the total, a multiple of 256 for each stream."""
    if not facts.has_cache:
        return 0
    n_cells = n_ctx if unified else n_ctx // n_seq_max
    padded = not (flash_attn and facts.supports_flash_attn)
    if facts.cache_per_sequence:
        unified = False
    streams = 1 if unified else n_seq_max
    total = 0
    for layer in facts.layers:
        a = layer.attention
        if a is None or a.shares_cache_of is not None:
            continue
        cells = n_cells
        if a.window and not swa_full:
            cells = _window_cells(a.window, n_cells, n_ubatch, n_seq_max if unified else 1)
        total += sum(
            _pad(streams * n * row_bytes(cache_type, elements), ALIGNMENT)
            for n, elements in _rows(facts, a, cells, n_cells, padded=padded)
        )
    return total


def _rows(
    facts: ModelFacts, a: Attention, cells: int, n_cells: int, *, padded: bool
) -> list[tuple[int, int]]:
    """(cells, elements a cell) of each of one layer's tensors."""
    rows = [(cells, a.key_length * a.head_count_kv)]
    if not a.keys_only:
        rows.append((cells, facts.value_row_max if padded else a.value_length * a.head_count_kv))
    if a.compress_ratio:
        n = _pad(max(1, -(-n_cells // a.compress_ratio)), 256)
        return [*rows, (n, a.key_length * a.head_count_kv), (n, a.indexer_key_length)]
    return [*rows, (n_cells, a.indexer_key_length), (n_cells, a.indexer_value_length)]


def recurrent_state_bytes(facts: ModelFacts, n_seq_max: int = 1) -> int:
    """Bytes of all recurrent states: always f32, one row a sequence."""
    return sum(
        _pad(4 * n_seq_max * r.conv_elements, ALIGNMENT) + _pad(4 * n_seq_max * r.state_elements, ALIGNMENT)
        for layer in facts.layers
        if (r := layer.recurrence) is not None
    )
