"""Sparse attention's extra caches, by hand from src/llama-kv-cache-dsa.cpp, -msa, -dsv4 and create_memory."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import Value
from advisor.model import ModelFacts, Recurrence, facts
from tests.support.model_headers import LATENT, model_header

SPARSE: dict[str, Value | None] = {
    **LATENT,
    "attention.indexer.key_length": 8,
    "attention.indexer.top_k": 64,
}
DEEPSEEK4: dict[str, Value | None] = {
    "attention.head_count_kv": 1,
    "attention.key_length": 32,
    "attention.value_length": 32,
    "attention.sliding_window": 128,
    "attention.indexer.key_length": 16,
    "attention.compress_ratios": (0, 0, 4, 128, 4, 128, 4, 64),
}
TYPES = "attention.indexer.types"


def indexer_keys(found: ModelFacts) -> list[int | None]:
    return [layer.attention and layer.attention.indexer_key_length for layer in found.layers]


@pytest.mark.parametrize("architecture", ["deepseek32", "glm-dsa"])
def test_an_indexer_without_its_size_is_refused(architecture: str) -> None:
    with pytest.raises(ModelFactsError, match=r"indexer\.key_length"):
        facts(model_header(architecture, {**SPARSE, "attention.indexer.key_length": None}))


@pytest.mark.parametrize("ratios", [None, 4, (4, 4), ("4",) * 8, (-4,) * 8])
def test_ratios_that_do_not_cover_the_layers_are_refused(ratios: Value | None) -> None:
    with pytest.raises(ModelFactsError, match="compress_ratios"):
        facts(model_header("deepseek4", {**DEEPSEEK4, "attention.compress_ratios": ratios}))


def test_types_of_another_length_are_refused() -> None:
    """get_key_or_arr wants n_layer() entries, without the prediction block"""
    with pytest.raises(ModelFactsError, match="has 8 entries, but the model has 7 layers"):
        facts(model_header("glm-dsa", {**SPARSE, "nextn_predict_layers": 1, TYPES: (1,) * 8}))


def test_deepseek32_indexes_every_layer_but_the_prediction_block() -> None:
    found = facts(model_header("deepseek32", {**SPARSE, "nextn_predict_layers": 1}))

    assert indexer_keys(found) == [8] * 7 + [None]


def test_glm_dsa_indexes_all_layers_the_listed_ones_or_its_default() -> None:
    """src/models/glm-dsa.cpp: a million tokens without the key mean GLM 5.2's list"""
    assert indexer_keys(facts(model_header("glm-dsa", SPARSE))) == [8] * 8
    listed = facts(model_header("glm-dsa", {**SPARSE, TYPES: (1, 0, 0, 1, 0, 0, 1, 0)}))
    assert indexer_keys(listed) == [8, 0, 0, 8, 0, 0, 8, 0]

    million = facts(model_header("glm-dsa", {**SPARSE, "block_count": 80, "context_length": 1_048_576}))
    assert indexer_keys(million) == [8, 8, *[8, 0, 0, 0] * 19, 0, 0]


def test_hy_v4_indexes_if_it_selects() -> None:
    keys: dict[str, Value | None] = {**SPARSE, TYPES: (1, 0) * 4}

    assert indexer_keys(facts(model_header("hy_v4", keys))) == [8, 0] * 4
    assert indexer_keys(facts(model_header("hy_v4", {**keys, "attention.indexer.top_k": 0}))) == [0] * 8
    assert indexer_keys(facts(model_header("hy_v4", {**keys, TYPES: None}))) == [0] * 8


def test_dots3note_indexes_full_layers_by_list() -> None:
    keys: dict[str, Value | None] = {
        **SPARSE,
        "attention.sliding_window": 128,
        "attention.sliding_window_pattern": (0, 1) * 4,
        TYPES: (1, 0) * 4,
    }

    assert indexer_keys(facts(model_header("dots3note", keys))) == [8, 0] * 4
    with pytest.raises(ModelFactsError, match="should be a list"):
        facts(model_header("dots3note", {**keys, TYPES: 0}))


def test_glm5_next_keeps_three_vectors_a_token() -> None:
    """src/llama-memory-hybrid-idx.cpp: key, gate and pooled value"""
    keys: dict[str, Value | None] = {
        **SPARSE,
        "attention.head_count_kv": (1, 0) * 4,
        "attention.kv_lora_rank": 32,
        "attention.indexer.kpool": 4,
        "kda.head_dim": 16,
        "ssm.conv_kernel": 4,
    }
    found = facts(model_header("glm5-next", keys))

    assert indexer_keys(found) == [24, None] * 4
    assert all(a.indexer_value_length == 0 for a in (layer.attention for layer in found.layers) if a)


def test_minimax_m3_allocates_a_value_beside_the_key() -> None:
    """Its indexer cache is not flagged keys-only; the first dense layers have none."""
    keys: dict[str, Value | None] = {"attention.indexer.key_length": 8, "leading_dense_block_count": 3}
    attention = [layer.attention for layer in facts(model_header("minimax-m3", keys)).layers]

    assert [a.indexer_key_length for a in attention if a] == [0] * 3 + [8] * 5
    assert [a.indexer_value_length for a in attention if a] == [0] * 3 + [16] * 5


def test_deepseek4_compresses_beside_its_window() -> None:
    found = facts(model_header("deepseek4", DEEPSEEK4))
    attention = [layer.attention for layer in found.layers]

    assert found.cache_per_sequence
    assert {(a.window, a.keys_only) for a in attention if a} == {(128, True)}
    # A ratio that is neither 4 nor 128 has no cache.
    assert [a.compress_ratio for a in attention if a] == [0, 0, 4, 128, 4, 128, 4, 0]
    assert [a.indexer_key_length for a in attention if a] == [0, 0, 16, 0, 16, 0, 16, 0]


def test_deepseek4_keeps_the_tokens_not_yet_compressed() -> None:
    """llama_dsv4_comp_state: keys and scores; 8 rows of twice the width for ratio 4, 128 rows for 128"""
    states = [layer.recurrence for layer in facts(model_header("deepseek4", DEEPSEEK4)).layers]

    assert states[0] is None
    assert states[2] == Recurrence(0, 2 * 8 * (2 * 32) + 2 * 8 * (2 * 16))
    assert states[3] == Recurrence(0, 2 * 128 * 32)


@pytest.mark.parametrize("architecture", ["llama", "deepseek2", "qwen3"])
def test_others_have_no_indexer_whatever_the_header_says(architecture: str) -> None:
    assert indexer_keys(facts(model_header(architecture, SPARSE))) == [0] * 8
