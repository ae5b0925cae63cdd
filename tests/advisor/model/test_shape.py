"""The skeleton of a model: blocks, widths, heads, and headers in which they cannot be."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import Value
from advisor.model import facts
from tests.support.model_headers import model_header, tensor


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("block_count", None, 'no "llama.block_count"'),
        ("block_count", 0, "is 0"),
        ("block_count", 10**9, "512 is the most"),
        ("block_count", "32", "should be a number"),
        ("embedding_length", None, 'no "llama.embedding_length"'),
        ("embedding_length", 0, "is 0"),
        ("context_length", None, 'no "llama.context_length"'),
        ("context_length", 0, "is 0"),
        ("attention.head_count", None, 'no "llama.attention.head_count"'),
        ("attention.head_count", 0, "is 0"),
        (
            "attention.head_count",
            (4, 4, 0, 4, 4, 4, 4, 4),
            "0 attention heads share 2 key-value heads in layer 2",
        ),
        ("attention.head_count_kv", 0, "no layer that could remember"),
        ("attention.head_count", 3, "does not divide"),
        ("attention.head_count", (4, 4), "has 2 entries, but the model has 8 layers"),
        ("attention.head_count_kv", 3, "does not divide"),
        ("attention.head_count_kv", 8, "does not divide"),
        ("attention.head_count_kv", (2,) * 9, "has 9 entries"),
        ("attention.key_length", 0, "key_length"),
        ("attention.key_length", 1.5, "should be a number"),
        ("nextn_predict_layers", 9, "is 9, but the model has 8 layers"),
        ("expert_count", 1025, "1,024 is the most"),
        ("expert_count", 8, "0 of 8 experts"),
        ("expert_used_count", 2, "2 of 0 experts"),
    ],
)
def test_impossible_skeletons_are_refused_with_a_sentence(key: str, value: Value | None, said: str) -> None:
    with pytest.raises(ModelFactsError) as caught:
        facts(model_header("llama", {key: value, "attention.key_length": 16} | {key: value}))

    assert said in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")


def test_a_width_that_the_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ModelFactsError, match="3 heads share a width of 64, which does not divide"):
        facts(model_header("llama", {"attention.head_count": 3, "attention.head_count_kv": 3}))


def test_head_sizes_default_to_the_width_by_the_heads() -> None:
    """src/llama-model.cpp: n_embd_head_k_full = n_embd / n_head()"""
    attention = facts(model_header("llama")).layers[0].attention
    assert attention
    assert (attention.key_length, attention.value_length) == (16, 16)

    sizes: dict[str, Value] = {"attention.key_length": 24, "attention.value_length": 8}
    attention = facts(model_header("llama", sizes)).layers[7].attention
    assert attention
    assert (attention.key_length, attention.value_length) == (24, 8)


def test_key_value_heads_default_to_all_heads() -> None:
    attention = facts(model_header("llama", {"attention.head_count_kv": None})).layers[0].attention

    assert attention
    assert attention.head_count_kv == 4


def test_heads_may_differ_from_layer_to_layer() -> None:
    """OpenELM lists both; a Nemotron 51B (deci) has layers without attention."""
    found = facts(
        model_header(
            "deci",
            {
                "block_count": 4,
                "attention.head_count": (4, 0, 4, 4),
                "attention.head_count_kv": (1, 0, 2, 4),
            },
        )
    )

    assert [layer.attention and layer.attention.head_count_kv for layer in found.layers] == [1, None, 2, 4]


def test_prediction_blocks_count_for_gpu_layers_and_keep_no_cache() -> None:
    """src/llama-hparams.cpp: n_layer() = n_layer_all - n_layer_nextn"""
    found = facts(model_header("glm4moe", {"nextn_predict_layers": 1}))

    assert (found.n_layer, found.n_layer_all, found.all_gpu_layers) == (7, 8, 9)
    assert len(found.layers) == 8
    assert found.layers[6].attention
    assert found.layers[7].attention is None


def test_deepseek4_counts_a_prediction_block_only_if_it_is_there() -> None:
    """src/models/deepseek4.cpp probes for blk.N.nextn.eh_proj.weight"""
    keys: dict[str, Value] = {
        "nextn_predict_layers": 1,
        "attention.head_count_kv": 1,
        "attention.sliding_window": 128,
        "attention.indexer.key_length": 32,
        "attention.compress_ratios": (0,) * 8,
    }
    block = [tensor("token_embd.weight", 64, 100), tensor("blk.7.nextn.eh_proj.weight", 128, 64)]

    assert facts(model_header("deepseek4", keys)).n_layer == 8
    assert facts(model_header("deepseek4", keys, tensors=block)).n_layer == 7


def test_nanbeige_runs_its_blocks_again_with_caches_of_their_own() -> None:
    """src/models/nanbeige.cpp: n_layer_all = physical layers * num_loops"""
    found = facts(model_header("nanbeige", {"num_loops": 3}))

    assert (found.n_layer, found.n_layer_all) == (24, 24)
    assert all(layer.attention for layer in found.layers)
    assert facts(model_header("nanbeige")).n_layer == 8
    for loops in (0, 65, 1 << 31):
        with pytest.raises(ModelFactsError, match="num_loops"):
            facts(model_header("nanbeige", {"num_loops": loops}))


def test_granite_switch_has_one_more_layer_of_one_head() -> None:
    """src/models/granite-switch.cpp: the router's cache is layer n_real"""
    found = facts(model_header("graniteswitch"))

    assert (found.n_layer, found.n_layer_all) == (8, 9)
    router = found.layers[8].attention
    assert router
    assert (router.head_count, router.head_count_kv, router.key_length) == (1, 1, 16)
    with pytest.raises(ModelFactsError, match="block_count"):
        facts(model_header("graniteswitch", {"block_count": 512}))


def test_hunyuan_of_one_expert_is_dense() -> None:
    """src/llama-model.cpp: load_hparams resets n_expert <= 1"""
    one: dict[str, Value] = {"expert_count": 1, "expert_used_count": 1}

    assert facts(model_header("hunyuan-dense", one)).n_expert == 0
    assert facts(model_header("llama", one)).n_expert == 1
