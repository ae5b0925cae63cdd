from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.memory.kv_cache import (
    bytes_per_token,
    check_cache_types,
    compressed_cells,
    layer_bytes,
    n_batch,
    n_cells,
    n_ubatch,
    row_bytes,
)
from advisor.model.facts import Attention, Layer, ModelFacts
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import a_model

PLAIN = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128)


def model(*attentions: Attention, **changes: object) -> ModelFacts:
    layers = tuple(Layer(i, attention, None, 14336, 0) for i, attention in enumerate(attentions))
    return replace(a_model(n_layer=len(layers)), layers=layers, **changes)


def kv_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    return sum(layer_bytes(facts, settings, layer.attention) for layer in facts.layers if layer.attention)


# ---- what the engine would refuse ---------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["q4_K", "mxfp4", "", "F16"])
def test_a_type_that_is_not_one_of_the_nine_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_cache_types(model(PLAIN), LoadSettings(n_ctx=4096, cache_type_k=wrong))
    assert refused.value.option == "--cache-type-k"
    with pytest.raises(SettingsError) as refused:
        check_cache_types(model(PLAIN), LoadSettings(n_ctx=4096, cache_type_v=wrong))
    assert refused.value.option == "--cache-type-v"


def test_a_quantized_value_needs_flash_attention() -> None:
    settings = LoadSettings(n_ctx=4096, cache_type_v="q8_0", flash_attn="off")
    with pytest.raises(SettingsError, match="flash attention") as refused:
        check_cache_types(model(PLAIN), settings)
    assert refused.value.option == "--cache-type-v"
    check_cache_types(model(PLAIN), replace(settings, flash_attn="auto"))
    with pytest.raises(SettingsError):
        check_cache_types(model(PLAIN, supports_flash_attn=False), replace(settings, flash_attn="on"))


def test_a_quantized_key_alone_does_without() -> None:
    check_cache_types(model(PLAIN), LoadSettings(n_ctx=4096, cache_type_k="q8_0", flash_attn="off"))


def test_heads_that_do_not_divide_into_blocks_are_refused() -> None:
    phi = replace(PLAIN, key_length=80, value_length=80)
    with pytest.raises(SettingsError, match="keys of 80"):
        check_cache_types(model(PLAIN, phi), LoadSettings(n_ctx=4096, cache_type_k="q8_0"))
    with pytest.raises(SettingsError, match="values of 80"):
        check_cache_types(model(PLAIN, phi), LoadSettings(n_ctx=4096, cache_type_v="q5_1"))
    # Without flash attention rows need to divide, not heads: 8 heads of 80 do, one does not.
    off = LoadSettings(n_ctx=4096, cache_type_k="q8_0", flash_attn="off")
    check_cache_types(model(phi), off)
    with pytest.raises(SettingsError):
        check_cache_types(model(replace(phi, head_count_kv=1)), off)


def test_an_indexers_key_has_to_divide_too() -> None:
    sparse = replace(PLAIN, indexer_key_length=80)
    with pytest.raises(SettingsError, match="indexer keys of 80"):
        check_cache_types(model(sparse), LoadSettings(n_ctx=4096, cache_type_k="q8_0"))


def test_a_latent_cache_has_one_type() -> None:
    latent = Attention(16, 1, 576, 512, keys_only=True)
    with pytest.raises(SettingsError, match="one row"):
        check_cache_types(model(latent), LoadSettings(n_ctx=4096, cache_type_k="q8_0"))
    both = LoadSettings(n_ctx=4096, cache_type_k="q8_0", cache_type_v="q8_0")
    check_cache_types(model(latent), both)


def test_a_model_without_a_cache_has_no_heads_to_mind() -> None:
    odd = replace(PLAIN, key_length=80, value_length=80)
    check_cache_types(model(odd, has_cache=False), LoadSettings(n_ctx=4096, cache_type_k="q8_0"))


# ---- sizes that llama.cpp logged ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cache_type", "bytes_for_32"),
    [
        ("f32", 128),
        ("f16", 64),
        ("bf16", 64),
        ("q8_0", 34),
        ("q5_1", 24),
        ("q5_0", 22),
        ("q4_1", 20),
        ("iq4_nl", 18),
        ("q4_0", 18),
    ],
)
def test_bytes_of_a_row(cache_type: str, bytes_for_32: int) -> None:
    assert row_bytes(cache_type, 32) == bytes_for_32
    assert row_bytes(cache_type, 1024) == 32 * bytes_for_32


def test_llama_2_7b_has_full_heads() -> None:
    facts = model(*[Attention(32, 32, 128, 128)] * 32)
    assert bytes_per_token(facts, "f16") == 524_288
    assert kv_bytes(facts, LoadSettings(n_ctx=131072)) == 64 * GiB


def test_llama_3_8b_has_eight() -> None:
    facts = model(*[PLAIN] * 32)
    assert bytes_per_token(facts, "f16") == 131_072
    assert bytes_per_token(facts, "q8_0") == 69_632
    assert kv_bytes(facts, LoadSettings(n_ctx=131072)) == 16 * GiB


@pytest.mark.parametrize(
    ("settings", "cells"),
    [
        (LoadSettings(n_ctx=32768), 1536),
        (LoadSettings(n_ctx=32768, n_ubatch=2048), 3072),
        (LoadSettings(n_ctx=32768, n_seq_max=4, n_outputs_max=4), 4608),
        (LoadSettings(n_ctx=32768, n_seq_max=4, n_outputs_max=4, kv_unified=False), 1536),
        (LoadSettings(n_ctx=32768, swa_full=True), 32768),
        (LoadSettings(n_ctx=1024), 1024),
    ],
)
def test_a_window_of_1024_keeps_itself_and_a_batch(settings: LoadSettings, cells: int) -> None:
    gemma3 = replace(PLAIN, window=1024)
    assert n_cells(model(gemma3), settings, gemma3) == cells


def test_gpt_oss_has_a_small_window() -> None:
    windowed = replace(PLAIN, window=128)
    assert n_cells(model(windowed), LoadSettings(n_ctx=65536), windowed) == 768


def test_deepseek_v2_lite_keeps_the_latent_only() -> None:
    latent = Attention(16, 1, 576, 512, keys_only=True)
    assert kv_bytes(model(*[latent] * 27), LoadSettings(n_ctx=16384)) == 486 * MiB
    unpacked = Attention(16, 16, 192, 128)
    assert kv_bytes(model(*[unpacked] * 27), LoadSettings(n_ctx=16384)) == 4320 * MiB


def test_without_flash_attention_values_are_as_wide_as_the_widest_layer() -> None:
    windowed = Attention(8, 1, 256, 256, window=512)
    facts = model(windowed, Attention(8, 1, 512, 512), value_row_max=512)
    on = LoadSettings(n_ctx=8192)
    assert layer_bytes(facts, on, windowed) == 1024 * 2 * (256 + 256)
    assert layer_bytes(facts, replace(on, flash_attn="off"), windowed) == 1024 * 2 * (256 + 512)
    grok = replace(facts, supports_flash_attn=False)
    assert layer_bytes(grok, on, windowed) == layer_bytes(facts, replace(on, flash_attn="off"), windowed)


def test_a_layer_on_anothers_cache_keeps_nothing() -> None:
    shared = replace(PLAIN, shares_cache_of=0)
    facts = model(PLAIN, shared)
    assert layer_bytes(facts, LoadSettings(n_ctx=4096), shared) == 0
    assert bytes_per_token(facts, "f16") == bytes_per_token(model(PLAIN), "f16")


def test_indexers_add_keys_and_minimax_values_for_the_whole_context() -> None:
    settings = LoadSettings(n_ctx=4096)
    plain = layer_bytes(model(PLAIN), settings, PLAIN)
    sparse = replace(PLAIN, indexer_key_length=128, indexer_value_length=64)
    assert layer_bytes(model(sparse), settings, sparse) == plain + 4096 * 2 * (128 + 64)


def test_compressed_caches_hold_one_key_for_several_tokens() -> None:
    fine = Attention(64, 1, 512, 512, window=128, keys_only=True, compress_ratio=4, indexer_key_length=128)
    settings = LoadSettings(n_ctx=65536)
    assert compressed_cells(settings, 4) == 16384
    assert compressed_cells(replace(settings, n_ctx=256), 128) == 256
    expected = 2 * (768 * 512 + 16384 * (512 + 128))
    assert layer_bytes(model(fine, cache_per_sequence=True), settings, fine) == expected
    assert bytes_per_token(model(fine), "f16") == 2 * (512 + 128) // 4


def test_nothing_is_kept_by_a_model_without_a_cache() -> None:
    facts = model(PLAIN, has_cache=False)
    assert kv_bytes(facts, LoadSettings(n_ctx=4096)) == 0
    assert bytes_per_token(facts, "f16") == 0


def test_growth_leaves_windows_out_and_forbidden_types_unanswered() -> None:
    windowed = replace(PLAIN, window=1024)
    assert bytes_per_token(model(windowed, PLAIN), "f16") == bytes_per_token(model(PLAIN), "f16")
    odd = replace(PLAIN, key_length=80, value_length=80)
    assert bytes_per_token(model(odd), "q8_0") is None
    assert bytes_per_token(model(odd), "f16") == 2560


# ---- batches -------------------------------------------------------------------------------------------


def test_a_batch_is_cut_to_the_context_unless_the_model_looks_both_ways() -> None:
    settings = LoadSettings(n_ctx=256, n_batch=2048, n_ubatch=512)
    assert (n_batch(model(PLAIN), settings), n_ubatch(model(PLAIN), settings)) == (256, 256)
    assert n_batch(model(PLAIN, causal=False), settings) == 2048
    assert n_ubatch(model(PLAIN), LoadSettings(n_ctx=4096, n_batch=1024, n_ubatch=0)) == 1024


# ---- what always holds ---------------------------------------------------------------------------------

attentions = st.builds(
    lambda heads, group, size, window, keys_only: Attention(
        heads * group, heads, size, size, window=window, keys_only=keys_only
    ),
    heads=st.integers(1, 16),
    group=st.integers(1, 8),
    size=st.sampled_from([64, 96, 128, 256]),
    window=st.sampled_from([0, 128, 1024, 4096]),
    keys_only=st.booleans(),
)
models = st.lists(attentions, min_size=1, max_size=6).map(lambda found: model(*found))
contexts = st.integers(1, 512).map(lambda n: n * 256)


@given(models, contexts, contexts, st.sampled_from(CACHE_TYPES))
def test_more_context_never_takes_less(facts: ModelFacts, one: int, other: int, cache_type: str) -> None:
    def at(n_ctx: int) -> int:
        settings = LoadSettings(n_ctx=n_ctx, cache_type_k=cache_type, cache_type_v=cache_type)
        return kv_bytes(facts, settings)

    assert at(min(one, other)) <= at(max(one, other))


@given(models, contexts)
def test_q8_0_takes_34_bytes_where_f16_takes_64(facts: ModelFacts, n_ctx: int) -> None:
    half = kv_bytes(facts, LoadSettings(n_ctx=n_ctx))
    assert (
        kv_bytes(facts, LoadSettings(n_ctx=n_ctx, cache_type_k="q8_0", cache_type_v="q8_0")) * 64 == half * 34
    )


@given(models, st.integers(1, 8), st.integers(1, 64))
def test_split_and_unified_are_alike_where_nothing_has_a_window(
    facts: ModelFacts, n_slots: int, steps: int
) -> None:
    plain = replace(
        facts, layers=tuple(replace(la, attention=replace(la.attention, window=0)) for la in facts.layers)
    )
    settings = LoadSettings(n_ctx=steps * 256 * n_slots, n_seq_max=n_slots, n_outputs_max=n_slots)
    assert kv_bytes(plain, settings) == kv_bytes(plain, replace(settings, kv_unified=False))


@given(models, st.sampled_from(CACHE_TYPES))
def test_growth_is_what_the_next_step_costs(facts: ModelFacts, cache_type: str) -> None:
    before = LoadSettings(n_ctx=131072, cache_type_k=cache_type, cache_type_v=cache_type)
    after = before.with_n_ctx(131072 + 256)
    per_token = bytes_per_token(facts, cache_type)
    assert per_token is not None
    assert kv_bytes(facts, after) - kv_bytes(facts, before) == 256 * per_token
