"""Attention layer by layer: latent caches, shared caches, and models that keep nothing."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import Value
from advisor.model import Attention, facts
from tests.support.model_headers import LATENT, model_header

GEMMA4: dict[str, Value | None] = {
    "attention.sliding_window": 512,
    "attention.sliding_window_pattern": (1, 1, 0, 1, 1, 0, 1, 0),
}


@pytest.mark.parametrize("n_shared", [7, 8, 1000])
def test_more_shared_layers_than_donors_is_refused(n_shared: int) -> None:
    with pytest.raises(ModelFactsError, match="at least 2 of 8 layers need a cache of their own"):
        facts(model_header("gemma4", {**GEMMA4, "attention.shared_kv_layers": n_shared}))


@pytest.mark.parametrize("architecture", ["kimi-linear", "hy_v4", "bailingmoe3"])
def test_latent_lengths_that_must_be_there(architecture: str) -> None:
    with pytest.raises(ModelFactsError, match="key_length_mla"):
        facts(model_header(architecture))
    with pytest.raises(ModelFactsError, match="value_length_mla"):
        facts(model_header(architecture, {**LATENT, "attention.value_length_mla": 0}))


def test_plain_attention() -> None:
    found = facts(model_header("llama"))

    assert {layer.attention for layer in found.layers} == {Attention(4, 2, 16, 16)}
    assert found.value_row_max == 32


@pytest.mark.parametrize("architecture", ["deepseek2", "mistral4"])
def test_both_mla_lengths_make_a_latent_cache_of_keys_only(architecture: str) -> None:
    """src/llama-hparams.cpp: is_mla; has_v = !is_mla in src/llama-kv-cache.cpp"""
    assert facts(model_header(architecture, LATENT)).layers[0].attention == Attention(
        4, 1, 40, 32, keys_only=True
    )


@pytest.mark.parametrize("key", ["attention.key_length_mla", "attention.value_length_mla"])
def test_an_old_deepseek2_caches_keys_and_values(key: str) -> None:
    for absent in (None, 0):
        attention = facts(model_header("deepseek2", {**LATENT, key: absent})).layers[0].attention
        assert attention
        assert not attention.keys_only


@pytest.mark.parametrize("architecture", ["minicpm3", "plm", "llama"])
def test_others_ignore_the_mla_lengths(architecture: str) -> None:
    """They have a low-rank key, but cache what comes out of it."""
    attention = facts(model_header(architecture, LATENT)).layers[0].attention

    assert attention
    assert not attention.keys_only


def test_gemma4_reads_the_last_cache_of_the_same_kind() -> None:
    """src/llama-model.cpp: reuse = n_layer_kv_from_start - (is_swa ? 2 : 1)"""
    found = facts(model_header("gemma4", {**GEMMA4, "attention.shared_kv_layers": 2}))

    assert [layer.attention and layer.attention.shares_cache_of for layer in found.layers] == [
        *(None,) * 6,
        4,
        5,
    ]
    assert [layer.attention and layer.attention.window for layer in found.layers[4:]] == [512, 0, 512, 0]


def test_gemma4_without_the_key_shares_nothing() -> None:
    found = facts(model_header("gemma4", GEMMA4))

    assert all(layer.attention and layer.attention.shares_cache_of is None for layer in found.layers)


def test_gemma3n_has_twenty_caches() -> None:
    """src/models/gemma3n.cpp: n_layer_kv_from_start = 20; layer 18 has a window, layer 19 has not"""
    found = facts(model_header("gemma3n", {"block_count": 30, "attention.sliding_window": 512}))
    shared = [layer.attention.shares_cache_of for layer in found.layers if layer.attention]

    assert shared == [None] * 20 + [18, 18, 18, 18, 19] * 2


@pytest.mark.parametrize("architecture", ["bert", "nomic-bert", "modern-bert", "jina-bert-v2", "eurobert"])
def test_encoders_keep_nothing(architecture: str) -> None:
    found = facts(model_header(architecture))

    assert not found.has_cache
    assert found.is_encoder
    assert not found.tied_output


@pytest.mark.parametrize("architecture", ["dream", "llada", "llada-moe", "rnd1"])
def test_diffusion_models_keep_nothing_and_look_both_ways(architecture: str) -> None:
    found = facts(model_header(architecture))

    assert not found.has_cache
    assert not found.is_encoder
    assert not found.causal


def test_the_header_may_say_that_a_model_looks_both_ways() -> None:
    assert facts(model_header("llama")).causal
    assert not facts(model_header("llama", {"attention.causal": False})).causal
    with pytest.raises(ModelFactsError, match="true or false"):
        facts(model_header("llama", {"attention.causal": 1}))


@pytest.mark.parametrize("architecture", ["minimax-m3", "hy_v4"])
def test_some_caches_hold_prediction_blocks_too(architecture: str) -> None:
    """create_memory gives these no layer filter"""
    keys: dict[str, Value | None] = {
        **LATENT,
        "nextn_predict_layers": 1,
        "attention.indexer.key_length": 16,
    }

    assert facts(model_header(architecture, keys)).layers[7].attention


def test_a_draft_of_prediction_blocks_alone_has_them_as_its_layers() -> None:
    found = facts(model_header("qwen3", {"nextn_predict_layers": 8}))

    assert all(layer.attention for layer in found.layers)


def test_the_widest_value_row_counts_every_layer() -> None:
    """src/llama-hparams.cpp: n_embd_v_gqa_max"""
    keys: dict[str, Value | None] = {
        **GEMMA4,
        "attention.value_length": 64,
        "attention.value_length_swa": 32,
        "attention.head_count_kv": (4, 1, 1, 1, 1, 1, 1, 1),
    }

    assert facts(model_header("gemma4", keys)).value_row_max == 4 * 32
    keys["attention.head_count_kv"] = 1
    assert facts(model_header("gemma4", keys)).value_row_max == 64


def test_grok_runs_without_flash_attention() -> None:
    assert not facts(model_header("grok")).supports_flash_attn
    assert facts(model_header("llama")).supports_flash_attn
