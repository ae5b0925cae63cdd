"""Where tensors are placed, by hand from LLM_TENSOR_INFOS (src/llama-arch.cpp) and TENSOR_SKIP."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.model import Role, facts
from tests.support.model_headers import model_header, tensor


def place(architecture: str, name: str, **keys: int) -> tuple[Role, int | None]:
    header = model_header(architecture, dict(keys), tensors=[tensor(name, 64, 8)])
    weight = facts(header).weights[0]
    return weight.role, weight.layer


@pytest.mark.parametrize("name", ["blk.8.attn_q.weight", "blk.999999999.attn_q.weight"])
def test_a_tensor_of_a_layer_that_the_header_does_not_count_is_refused(name: str) -> None:
    with pytest.raises(ModelFactsError, match="but its header counts 8 layers"):
        place("llama", name)


@pytest.mark.parametrize(
    "name", ["token_embd.weight", "position_embd.weight", "token_types.weight", "per_layer_token_embd.weight"]
)
def test_inputs_stay_in_host_memory(name: str) -> None:
    assert place("llama", name) == (Role.INPUT, None)


@pytest.mark.parametrize(
    "name",
    [
        "output.weight",
        "output.scale",
        "output_norm.weight",
        "output_norm.bias",
        "cls.weight",
        "cls.output.bias",
    ],
)
def test_outputs_lie_behind_the_last_layer(name: str) -> None:
    assert place("llama", name) == (Role.OUTPUT, None)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("blk.0.attn_norm.weight", 0),
        ("blk.7.ffn_down.weight", 7),
        ("rope_freqs.weight", 0),
        ("token_embd_norm.weight", 0),
        ("per_layer_model_proj.weight", 0),
        ("enc.blk.3.attn_q.weight", 3),
        ("dec.blk.20.attn_q.weight", 7),
    ],
)
def test_the_rest_lies_with_a_layer(name: str, layer: int) -> None:
    assert place("llama", name) == (Role.LAYER, layer)


def test_lfm2_calls_its_output_norm_by_another_name() -> None:
    assert place("lfm2", "token_embd_norm.weight", **{"shortconv.l_cache": 3}) == (Role.OUTPUT, None)


@pytest.mark.parametrize("name", ["masked_embd_centroids.weight", "dec.blk.0.cross_attn_rel_b.weight"])
def test_tensors_without_a_use_are_not_loaded(name: str) -> None:
    assert place("t5", name) == (Role.SKIPPED, None)


def test_prediction_blocks_are_not_loaded() -> None:
    assert place("qwen3", "blk.7.attn_q.weight", nextn_predict_layers=1) == (Role.SKIPPED, 7)
    assert place("qwen3", "blk.6.attn_q.weight", nextn_predict_layers=1) == (Role.LAYER, 6)
    # A file of nothing else is a draft.
    assert place("qwen3", "blk.7.attn_q.weight", nextn_predict_layers=8) == (Role.LAYER, 7)


def test_skipped_tensors_do_not_count_as_weights() -> None:
    loaded, skipped = tensor("blk.0.attn_q.weight", 64, 64), tensor("blk.7.attn_q.weight", 64, 64)
    found = facts(model_header("qwen3", {"nextn_predict_layers": 1}, tensors=[loaded, skipped]))

    assert found.weights_bytes == loaded.n_bytes
    assert found.n_params == loaded.n_elements + skipped.n_elements


@pytest.mark.parametrize(
    ("name", "is_expert"),
    [
        ("blk.0.ffn_down_exps.weight", True),
        ("blk.0.ffn_gate_up_exps.weight", True),
        ("blk.0.ffn_up_chexps.weight", True),
        ("blk.0.ffn_gate_exps.bias", True),
        ("blk.0.ffn_down_shexp.weight", False),
        ("blk.0.ffn_gate_inp.weight", False),
        ("blk.0.ffn_down.weight", False),
    ],
)
def test_routed_experts_are_those_that_cpu_moe_moves(name: str, is_expert: bool) -> None:
    found = facts(model_header("llama", tensors=[tensor(name, 64, 8, 4)]))

    assert found.weights[0].is_expert is is_expert
    assert found.weights[0].dims == (64, 8, 4)
