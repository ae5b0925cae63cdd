"""Recurrent layers: which they are and how large their state is, by hand from src/llama-hparams.cpp."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import Value
from advisor.model import ModelFacts, Recurrence, facts
from tests.support.model_headers import model_header

MAMBA: dict[str, Value | None] = {
    "ssm.conv_kernel": 4,
    "ssm.inner_size": 128,
    "ssm.state_size": 32,
    "ssm.group_count": 2,
}
MAMBA_STATE = Recurrence(conv_elements=3 * (128 + 2 * 2 * 32), state_elements=32 * 128)
ALTERNATING = (2, 0, 2, 0, 2, 0, 2, 0)


def kinds(found: ModelFacts) -> str:
    """One letter a layer: a attention, r recurrence, b both, a dot for neither."""
    letters = {(False, False): ".", (True, False): "a", (False, True): "r", (True, True): "b"}
    return "".join(letters[bool(layer.attention), bool(layer.recurrence)] for layer in found.layers)


@pytest.mark.parametrize(
    ("architecture", "key"),
    [
        ("mamba", "ssm.conv_kernel"),
        ("mamba2", "ssm.group_count"),
        ("jamba", "ssm.inner_size"),
        ("qwen35", "ssm.state_size"),
        ("rwkv7", "wkv.head_size"),
        ("lfm2", "shortconv.l_cache"),
        ("kimi-linear", "kda.head_dim"),
    ],
)
def test_a_state_without_its_sizes_is_refused(architecture: str, key: str) -> None:
    sizes: dict[str, Value | None] = {
        **MAMBA,
        "wkv.head_size": 16,
        "shortconv.l_cache": 3,
        "kda.head_dim": 16,
        "attention.key_length_mla": 16,
        "attention.value_length_mla": 16,
        "attention.head_count_kv": ALTERNATING,
    }
    facts(model_header(architecture, sizes))

    with pytest.raises(ModelFactsError, match=key):
        facts(model_header(architecture, {**sizes, key: None}))


def test_an_interval_of_zero_is_refused() -> None:
    with pytest.raises(ModelFactsError, match="full_attention_interval"):
        facts(model_header("qwen35", {**MAMBA, "full_attention_interval": 0}))


def test_mamba_has_state_in_every_layer_and_no_attention() -> None:
    found = facts(
        model_header("mamba2", {**MAMBA, "attention.head_count": 0, "attention.head_count_kv": None})
    )

    assert kinds(found) == "rrrrrrrr"
    assert found.layers[0].recurrence == MAMBA_STATE
    assert found.value_row_max == 0


@pytest.mark.parametrize("architecture", ["mamba", "jamba"])
def test_mamba_of_the_first_kind_has_no_groups(architecture: str) -> None:
    """mamba.cpp and jamba.cpp do not read ssm.group_count"""
    found = facts(model_header(architecture, {**MAMBA, "attention.head_count_kv": ALTERNATING}))

    assert found.layers[1].recurrence == Recurrence(3 * 128, 32 * 128)


def test_a_kernel_of_one_keeps_no_columns() -> None:
    found = facts(model_header("mamba2", {**MAMBA, "ssm.conv_kernel": 1}))

    assert found.layers[0].recurrence == Recurrence(0, 32 * 128)


@pytest.mark.parametrize("architecture", ["rwkv6", "rwkv7", "arwkv7", "rwkv6qwen2"])
def test_rwkv(architecture: str) -> None:
    """n_embd_r = token_shift_count * n_embd, n_embd_s = n_embd * wkv_head_size"""
    keys: dict[str, Value | None] = {"wkv.head_size": 16, "attention.head_count": None}

    assert facts(model_header(architecture, keys)).layers[7].recurrence == Recurrence(2 * 64, 64 * 16)
    keys["token_shift_count"] = 1
    assert facts(model_header(architecture, keys)).layers[7].recurrence == Recurrence(64, 64 * 16)


@pytest.mark.parametrize("architecture", ["lfm2", "lfm2moe"])
def test_short_convolution(architecture: str) -> None:
    """n_embd_r = n_embd * (l_cache - 1)"""
    keys: dict[str, Value | None] = {"shortconv.l_cache": 3, "attention.head_count_kv": ALTERNATING}
    found = facts(model_header(architecture, keys))

    assert kinds(found) == "arararar"
    assert found.layers[1].recurrence == Recurrence(64 * 2, 0)


@pytest.mark.parametrize("architecture", ["kimi-linear", "kimi-k3", "bailingmoe3"])
def test_delta_attention(architecture: str) -> None:
    """n_embd_r = 3 * (d_conv - 1) * n_head * head_dim, n_embd_s = head_dim^2 * n_head"""
    keys: dict[str, Value | None] = {
        "attention.head_count_kv": (0, 1, 0, 1, 0, 1, 0, 1),
        "attention.key_length_mla": 24,
        "attention.value_length_mla": 16,
        "attention.kv_lora_rank": 32,
        "kda.head_dim": 8,
        "ssm.conv_kernel": 4,
    }
    found = facts(model_header(architecture, keys))

    assert kinds(found) == "rarararara"[:8]
    assert found.layers[0].recurrence == Recurrence(3 * 3 * 4 * 8, 8 * 8 * 4)
    latent = found.layers[1].attention
    assert latent
    assert latent.keys_only


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("qwen35", "rrrarrra"),
        ("qwen35moe", "rrrarrra"),
        ("qwen3next", "rrrarrra"),
        ("minimax-01", "rrrrrrra"),
    ],
)
def test_attention_in_every_so_many_layers(architecture: str, expected: str) -> None:
    """(il + 1) % full_attention_interval == 0; 4 by default, 8 in minimax-01"""
    assert kinds(facts(model_header(architecture, MAMBA))) == expected
    assert kinds(facts(model_header(architecture, {**MAMBA, "full_attention_interval": 2}))) == "rararara"


def test_a_list_of_recurrent_layers_wins_over_the_interval() -> None:
    listed: dict[str, Value | None] = {"attention.recurrent_layers": (1, 1, 0, 1, 0, 0, 1, 1)}

    assert kinds(facts(model_header("qwen35", {**MAMBA, **listed}))) == "rraraarr"
    with pytest.raises(ModelFactsError, match="has 3 entries"):
        facts(model_header("qwen35", {**MAMBA, "attention.recurrent_layers": (1, 1, 0)}))


def test_minimax_01_keeps_a_square_for_each_head() -> None:
    """n_embd_s = head^2 * n_head; no convolution"""
    assert facts(model_header("minimax-01")).layers[0].recurrence == Recurrence(0, 16 * 16 * 4)


def test_prediction_blocks_have_no_state_and_the_main_context_no_cache_for_them() -> None:
    found = facts(model_header("qwen35moe", {**MAMBA, "nextn_predict_layers": 1}))

    assert kinds(found) == "rrrarrr."


@pytest.mark.parametrize("architecture", ["jamba", "granitehybrid", "plamo2"])
def test_layers_without_key_value_heads_are_recurrent(architecture: str) -> None:
    found = facts(model_header(architecture, {**MAMBA, "attention.head_count_kv": ALTERNATING}))

    assert kinds(found) == "arararar"


def test_nemotron_h_has_layers_of_three_kinds() -> None:
    """nemotron-h.cpp: recurrent without key-value heads and feed-forward; attention without feed-forward"""
    found = facts(
        model_header(
            "nemotron_h",
            {
                **MAMBA,
                "attention.head_count_kv": (0, 0, 2, 0, 0, 0, 2, 0),
                "feed_forward_length": (0, 128, 0, 128, 0, 128, 0, 128),
            },
        )
    )

    assert kinds(found) == "r.a.r.a."


def test_falcon_h1_has_both_in_every_layer() -> None:
    found = facts(model_header("falcon-h1", MAMBA))

    assert kinds(found) == "bbbbbbbb"
    assert found.layers[3].recurrence == MAMBA_STATE


def test_qwen4exp_keeps_a_hash_history_in_one_layer() -> None:
    """ple_conv_state = (kernel - 1) * ngram_size * hyper_connection.count * n_embd"""
    keys: dict[str, Value | None] = {
        **MAMBA,
        "attention.indexer.key_length": 16,
        "hyper_connection.count": 4,
        "ple.layers": (1,),
        "ple.ngram_size": 3,
        "ple.heads_per_ngram": 2,
        "ple.conv_kernel": 4,
    }
    found = facts(model_header("qwen4exp", keys))

    assert found.layers[0].recurrence == MAMBA_STATE
    assert found.layers[1].recurrence == Recurrence(MAMBA_STATE.conv_elements + 3 * 3 * 4 * 64, 32 * 128)
    for layer in (3, 8, 4_000_000_000):
        with pytest.raises(ModelFactsError, match="not a recurrent one"):
            facts(model_header("qwen4exp", {**keys, "ple.layers": (layer,)}))


def test_an_unknown_hybrid_is_read_by_the_common_rule() -> None:
    found = facts(model_header("newcomer", {**MAMBA, "attention.head_count_kv": ALTERNATING}))

    assert kinds(found) == "arararar"
    assert found.layers[1].recurrence == MAMBA_STATE
    assert not found.verified
