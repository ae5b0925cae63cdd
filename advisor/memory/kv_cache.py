"""The KV cache: bytes per block, which cache types a model can have, growth per token.

Mirrors `llama_kv_cache::llama_kv_cache` (src/llama-kv-cache.cpp), the window's size of
src/llama-kv-cache-iswa.cpp, the indexer's extra keys of src/llama-kv-cache-dsa.cpp and -msa.cpp, and the
compressed caches of src/llama-kv-cache-dsv4.cpp.
"""

from __future__ import annotations

from fractions import Fraction

from advisor.errors import SettingsError
from advisor.gguf.ggml_types import GGML_TYPES, GgmlType
from advisor.model.facts import Attention, ModelFacts
from advisor.model.kv_row import key_elements, value_elements
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.units import CONTEXT_STEP, pad

_BY_NAME = {ggml_type.name.lower(): ggml_type for ggml_type in GGML_TYPES.values()}
BLOCKS: dict[str, GgmlType] = {name: _BY_NAME[name] for name in CACHE_TYPES}


def row_bytes(cache_type: str, n_elements: int) -> int:
    """Bytes of `n_elements` neighbours of a cache row (ggml_row_size)."""
    block = BLOCKS[cache_type]
    return n_elements // block.block_elements * block.block_bytes


def is_quantized(cache_type: str) -> bool:
    return BLOCKS[cache_type].block_elements > 1


def uses_flash_attn(facts: ModelFacts, settings: LoadSettings) -> bool:
    """True unless it is off: "auto" sizes the cache as if it were on, and so it is on most devices."""
    return settings.flash_attn != "off" and facts.supports_flash_attn


def n_batch(facts: ModelFacts, settings: LoadSettings) -> int:
    """Tokens that one call takes: never more than the context, unless the model looks both ways."""
    return min(settings.n_ctx, settings.n_batch) if facts.causal else settings.n_batch


def n_ubatch(facts: ModelFacts, settings: LoadSettings) -> int:
    """Tokens that are computed at once (src/llama-context.cpp: cparams.n_ubatch)."""
    return min(n_batch(facts, settings), settings.n_ubatch or settings.n_batch)


def n_stream(facts: ModelFacts, settings: LoadSettings) -> int:
    """Separate caches beside one another; deepseek4 keeps one a sequence even where it is unified."""
    return settings.n_seq_max if facts.cache_per_sequence else settings.n_stream


def n_cells(facts: ModelFacts, settings: LoadSettings, attention: Attention) -> int:
    """Tokens for which one stream of this layer's cache has room.

    A window keeps what it sees and one batch more (src/llama-kv-cache-iswa.cpp), a full cache the context.
    """
    n_ctx = settings.n_ctx_per_slot
    if not attention.window or settings.swa_full:
        return n_ctx
    is_unified = settings.kv_unified and not facts.cache_per_sequence
    n_window = attention.window * (settings.n_seq_max if is_unified else 1) + n_ubatch(facts, settings)
    return pad(min(n_ctx, n_window), CONTEXT_STEP)


def compressed_cells(settings: LoadSettings, ratio: int) -> int:
    """Cells of a cache that holds one key for `ratio` tokens (src/llama-kv-cache-dsv4.cpp)."""
    return pad(-(-settings.n_ctx_per_slot // ratio), CONTEXT_STEP)


def layer_bytes(facts: ModelFacts, settings: LoadSettings, attention: Attention) -> int:
    """Bytes that one block with this attention keeps, over all streams; 0 if it reads another's cache."""
    if not facts.has_cache or attention.shares_cache_of is not None:
        return 0
    key = row_bytes(settings.cache_type_k, key_elements(attention))
    value = _value_row_bytes(facts, settings, attention)
    n_bytes = (key + value) * n_cells(facts, settings, attention)
    indexer = row_bytes(settings.cache_type_k, attention.indexer_key_length)
    indexer += row_bytes(settings.cache_type_v, attention.indexer_value_length)
    if attention.compress_ratio:
        n_bytes += (key + indexer) * compressed_cells(settings, attention.compress_ratio)
    else:
        n_bytes += indexer * settings.n_ctx_per_slot
    return n_bytes * n_stream(facts, settings)


def largest_tensor_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """Bytes of the largest K or V tensor: one of each a block, over all streams. 0 without a cache."""
    largest = 0
    for layer in facts.layers:
        attention = layer.attention
        if not facts.has_cache or attention is None or attention.shares_cache_of is not None:
            continue
        key = row_bytes(settings.cache_type_k, key_elements(attention))
        row = max(key, _value_row_bytes(facts, settings, attention))
        largest = max(largest, row * n_cells(facts, settings, attention) * n_stream(facts, settings))
    return largest


def _value_row_bytes(facts: ModelFacts, settings: LoadSettings, attention: Attention) -> int:
    if attention.keys_only:
        return 0
    n_elements = value_elements(attention)
    if not uses_flash_attn(facts, settings):
        # Transposed, all layers get the widest row (src/llama-kv-cache.cpp: TAG_V_CACHE_VARIABLE).
        n_elements = max(n_elements, facts.value_row_max)
    return row_bytes(settings.cache_type_v, n_elements)


def bytes_per_token(facts: ModelFacts, cache_type: str) -> int | None:
    """Bytes by which the whole cache grows with each token of a large context, K and V of `cache_type`.

    Layers whose cache does not grow (windows, recurrent state) are left out. None where the size of the
    model's heads forbids the type.
    """
    if _forbidden_head(facts, cache_type, cache_type, uses_flash_attn=True):
        return None
    growth = Fraction(0)
    for layer in facts.layers:
        attention = layer.attention
        if not facts.has_cache or attention is None or attention.shares_cache_of is not None:
            continue
        growth += _growth(attention, cache_type)
    return round(growth)


def _growth(attention: Attention, cache_type: str) -> Fraction:
    key = row_bytes(cache_type, key_elements(attention))
    value = row_bytes(cache_type, value_elements(attention))
    indexer = row_bytes(cache_type, attention.indexer_key_length)
    indexer += row_bytes(cache_type, attention.indexer_value_length)
    if attention.compress_ratio:
        return Fraction(key + indexer, attention.compress_ratio)
    if attention.window:
        return Fraction(indexer)
    return Fraction(key + value + indexer)


def check_cache_types(facts: ModelFacts, settings: LoadSettings) -> None:
    """Raises SettingsError for cache types that llama.cpp would refuse, or abort on, for this model.

    The rules are those of `llama_init_from_model` (src/llama-context.cpp); asked first, so that a bad
    type gets a sentence instead of a dead child process.
    """
    k, v = settings.cache_type_k, settings.cache_type_v
    for option, cache_type in (("--cache-type-k", k), ("--cache-type-v", v)):
        if cache_type not in CACHE_TYPES:
            raise SettingsError(
                option, f'"{cache_type}" is no cache type.', hint=f"Choose one of {', '.join(CACHE_TYPES)}."
            )
    if not facts.has_cache:
        return
    if k != v and any(layer.attention and layer.attention.keys_only for layer in facts.layers):
        raise SettingsError(
            "--cache-type-v",
            "this model keeps one row that serves as key and value, so both have one type.",
            hint=f"Give both as {k}.",
        )
    flash_attn = uses_flash_attn(facts, settings)
    if is_quantized(v) and not flash_attn:
        able = "Use f16, or flash attention." if facts.supports_flash_attn else "Use f16 for V."
        raise SettingsError("--cache-type-v", f"a {v} V cache needs flash attention.", hint=able)
    if found := _forbidden_head(facts, k, v, uses_flash_attn=flash_attn):
        option, cache_type, size = found
        raise SettingsError(
            option,
            f"{cache_type} stores {BLOCKS[cache_type].block_elements} values together, which does not divide "
            f"this model's {size}.",
            hint="Use f16 or bf16.",
        )


def _forbidden_head(
    facts: ModelFacts, cache_type_k: str, cache_type_v: str, *, uses_flash_attn: bool
) -> tuple[str, str, str] | None:
    """The first (option, type, "heads of 80") that does not work out, or None."""
    block_k, block_v = BLOCKS[cache_type_k].block_elements, BLOCKS[cache_type_v].block_elements
    for layer in facts.layers:
        attention = layer.attention
        if not facts.has_cache or attention is None:
            continue
        # Without flash attention only whole rows need to divide, and V is not quantized at all.
        rows = 1 if uses_flash_attn else attention.head_count_kv
        if attention.key_length * rows % block_k:
            return "--cache-type-k", cache_type_k, f"keys of {attention.key_length}"
        if uses_flash_attn and attention.value_length % block_v:
            return "--cache-type-v", cache_type_v, f"values of {attention.value_length}"
        if attention.indexer_key_length % block_k:
            return "--cache-type-k", cache_type_k, f"indexer keys of {attention.indexer_key_length}"
    return None
