"""`facts` as a whole: names, counts, feed-forward, and whatever a header may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import ModelFactsError
from advisor.gguf.header import GgufHeader, SkippedArray, Tensor, Value
from advisor.model import architectures, facts, summary
from tests.support.model_headers import PLAIN, model_header, tensor

# Every key that the room reads, without the architecture.
KEYS = (
    *PLAIN,
    "vocab_size",
    "features_length",
    "nextn_predict_layers",
    "expert_count",
    "expert_used_count",
    "num_loops",
    "full_attention_interval",
    "leading_dense_block_count",
    "token_shift_count",
    "wkv.head_size",
    "shortconv.l_cache",
    "kda.head_dim",
    "ssm.conv_kernel",
    "ssm.inner_size",
    "ssm.state_size",
    "ssm.group_count",
    "ple.layers",
    "ple.ngram_size",
    "ple.heads_per_ngram",
    "ple.conv_kernel",
    "hyper_connection.count",
    "attention.causal",
    "rope.scaling.type",
    "rope.scaling.original_context_length",
    "attention.key_length",
    "attention.value_length",
    "attention.key_length_swa",
    "attention.value_length_swa",
    "attention.key_length_mla",
    "attention.value_length_mla",
    "attention.kv_lora_rank",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.shared_kv_layers",
    "attention.recurrent_layers",
    "attention.compress_ratios",
    "attention.indexer.key_length",
    "attention.indexer.top_k",
    "attention.indexer.types",
    "attention.indexer.kpool",
)
NAMES = sorted(architectures.KNOWN | {"newcomer", "clip", "flux"})

numbers = st.one_of(st.integers(-2, 40), st.integers(), st.floats(), st.booleans())
values: st.SearchStrategy[Value | None] = st.one_of(
    st.none(),
    numbers,
    st.sampled_from([0, 1, 2, 4, 8, 16, 64, 128]),
    st.text(max_size=5),
    st.lists(st.integers(0, 4), min_size=8, max_size=8).map(tuple),
    st.lists(numbers, max_size=10).map(tuple),
    st.builds(SkippedArray, st.integers(0, 12), st.integers(0, 10**9)),
)
tensors = st.builds(
    Tensor,
    name=st.one_of(
        st.sampled_from(
            [
                "token_embd.weight",
                "output.weight",
                "blk.0.ffn_down.weight",
                "blk.3.ffn_up_exps.weight",
                "blk..",
            ]
        ),
        st.integers(0, 10**12).map(lambda il: f"blk.{il}.ffn_down.weight"),
        st.text(max_size=12),
    ),
    dims=st.lists(st.integers(0, 1 << 32), max_size=4).map(tuple),
    ggml_type=st.integers(0, 50),
    n_elements=st.integers(0, 1 << 40),
    n_bytes=st.integers(0, 1 << 46),
    offset_bytes=st.just(0),
)


@given(
    architecture=st.sampled_from(NAMES),
    keys=st.dictionaries(st.sampled_from(KEYS), values, max_size=12),
    metadata=st.dictionaries(
        st.sampled_from(["general.name", "general.type", "general.file_type", "tokenizer.ggml.tokens"]),
        values.filter(lambda value: value is not None),
    ),
    entries=st.lists(tensors, min_size=1, max_size=4),
)
def test_whatever_the_metadata_holds_there_are_facts_or_a_sentence(
    architecture: str, keys: dict[str, Value | None], metadata: dict[str, Value], entries: list[Tensor]
) -> None:
    header = model_header(architecture, keys, metadata=metadata, tensors=entries)

    try:
        found = facts(header)
    except ModelFactsError as error:
        said = (error.message[-1], error.hint[-1])
    else:
        said = (*(note.text[-1] for note in summary(found).notes), ".")
        assert len(found.layers) == found.n_layer_all
        assert 0 <= found.n_layer <= found.n_layer_all
    assert set(said) == {"."}


@pytest.mark.parametrize("architecture", sorted(architectures.KNOWN))
def test_a_known_architecture_is_verified_or_says_why_not(architecture: str) -> None:
    keys: dict[str, Value | None] = {
        "features_length": 64,
        "wkv.head_size": 16,
        "shortconv.l_cache": 3,
        "kda.head_dim": 16,
        "ssm.conv_kernel": 4,
        "ssm.inner_size": 128,
        "ssm.state_size": 32,
        "ssm.group_count": 2,
        "ple.layers": (0,),
        "hyper_connection.count": 4,
        "attention.key_length_mla": 24,
        "attention.value_length_mla": 16,
        "attention.kv_lora_rank": 32,
        "attention.sliding_window": 512,
        "attention.sliding_window_pattern": (1, 0) * 4,
        "attention.compress_ratios": (0, 0, 4, 128) * 2,
        "attention.indexer.key_length": 16,
        "attention.indexer.types": (1,) * 8,
        "attention.indexer.kpool": 4,
    }
    if architecture in {"nemotron_h", "nemotron_h_moe"}:
        keys["feed_forward_length"] = (0, 128) * 4
    found = facts(model_header(architecture, keys))

    assert found.verified == (architecture not in {"gptj", "dflash", "eagle3", "gemma4-assistant"})
    assert any(layer.attention or layer.recurrence for layer in found.layers)


def test_the_name_is_the_models_own_or_the_files() -> None:
    assert facts(model_header("llama", metadata={"general.name": " Llama 3 "})).name == "Llama 3"
    for unnamed in ("", "  ", 5):
        header = model_header(
            "llama", metadata={"general.name": unnamed}, path="/m/Llama-3-00001-of-00003.gguf"
        )
        assert facts(header).name == "Llama-3"


def test_the_vocabulary_is_counted_by_its_list_then_by_the_key_then_by_the_embedding() -> None:
    def n_vocab(metadata: dict[str, Value]) -> int:
        return facts(model_header("llama", metadata=metadata)).n_vocab

    size: dict[str, Value] = {"llama.vocab_size": 200}
    assert n_vocab({**size, "tokenizer.ggml.tokens": SkippedArray(8, 300)}) == 300
    assert n_vocab({**size, "tokenizer.ggml.tokens": ("a", "b")}) == 2
    assert n_vocab(size) == 200
    assert n_vocab({}) == 100


def test_a_position_table_bounds_the_context() -> None:
    table = [tensor("token_embd.weight", 64, 100), tensor("position_embd.weight", 64, 1024)]

    assert facts(model_header("gpt2", tensors=table)).n_position_rows == 1024
    assert facts(model_header("llama")).n_position_rows == 0


def test_feed_forward_is_dense_or_of_experts_layer_by_layer() -> None:
    moe: dict[str, Value | None] = {
        "block_count": 3,
        "expert_count": 4,
        "expert_used_count": 2,
        "feed_forward_length": 128,
    }
    entries = [
        tensor("blk.0.ffn_down.weight", 96, 64),
        tensor("blk.1.ffn_down_exps.weight", 32, 64, 4),
        tensor("blk.2.ffn_down_exps.weight", 32, 64, 4),
        tensor("blk.2.ffn_down.weight", 48, 64),
    ]
    layers = facts(model_header("gemma4", {**moe, **_GEMMA4}, tensors=entries)).layers

    assert [(layer.n_ff, layer.n_expert_used) for layer in layers] == [(96, 0), (0, 2), (48, 2)]


_GEMMA4: dict[str, Value | None] = {
    "attention.sliding_window": 512,
    "attention.sliding_window_pattern": (1, 1, 0),
}


def test_feed_forward_under_another_name_is_what_the_header_says() -> None:
    layers = facts(model_header("rwkv7", {"wkv.head_size": 16, "feed_forward_length": 256})).layers

    assert {layer.n_ff for layer in layers} == {256}


def test_a_tied_embedding_is_the_output_too() -> None:
    alone = [tensor("token_embd.weight", 64, 100)]

    assert facts(model_header("llama", tensors=alone)).tied_output
    assert not facts(model_header("llama")).tied_output
    assert not facts(model_header("bert", tensors=alone)).tied_output
    assert not facts(model_header("bitnet", tensors=alone)).tied_output


def test_gemma4_allocates_a_tied_embedding_twice() -> None:
    """src/models/gemma4.cpp creates the output before the embedding"""
    keys = {**_GEMMA4, "block_count": 3}
    alone = [tensor("token_embd.weight", 64, 100)]

    assert facts(model_header("gemma4", keys, tensors=alone)).embedding_allocated_twice
    assert not facts(model_header("gemma4", keys)).embedding_allocated_twice
    assert not facts(model_header("llama", tensors=alone)).embedding_allocated_twice


def test_an_unknown_architecture_gets_the_common_rules_and_says_so() -> None:
    header = model_header("newcomer")
    found = facts(header)

    assert not found.verified
    assert found.layers == facts(model_header("llama")).layers
    assert (found.path, found.shards, found.file_bytes) == (header.path, header.shards, header.file_bytes)


def test_shards_are_kept() -> None:
    header: GgufHeader = model_header("llama")
    shards = (header.path, header.path.with_name("model-2.gguf"))

    assert facts(replace(header, shards=shards)).shards == shards


def test_what_it_was_trained_for_before_its_own_stretching() -> None:
    keys = {"rope.scaling.type": "yarn", "rope.scaling.original_context_length": 4096}
    found = facts(model_header("llama", keys))
    assert (found.rope_scaling, found.n_ctx_original, found.has_rope) == ("yarn", 4096, True)
    plain = facts(model_header("llama"))
    assert (plain.rope_scaling, plain.n_ctx_original) == ("none", 0)
    assert not architectures.NO_ROPE - architectures.KNOWN
    assert "qwen3" not in architectures.NO_ROPE
