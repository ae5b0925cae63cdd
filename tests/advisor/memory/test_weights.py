from dataclasses import replace

import pytest

from advisor.errors import SettingsError
from advisor.memory.placement import place
from advisor.memory.plan import Target
from advisor.memory.weights import (
    DeviceWeights,
    split_overridden,
    split_weights,
    stored_bytes,
    sum_weights,
)
from advisor.model.facts import ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.units import pad
from tests.support.planning import a_model

F16, Q4_0, Q6_K, Q8_0 = 1, 2, 14, 8
CUDA, HOST = Target("CUDA0", "CUDA", 1), Target("CPU", "CPU", 1)


def weight(name: str, role: Role, n_bytes: int, layer: int | None = None, ggml_type: int = F16) -> Weight:
    return Weight(name, role, layer, (512, 64), ggml_type, n_bytes, is_expert="_exps" in name)


def model(*, tied: bool = False, ggml_type: int = F16) -> ModelFacts:
    """Two blocks; every tensor has a size of its own, so that a sum says what is in it."""
    weights = [
        weight("token_embd.weight", Role.INPUT, 1 << 20, ggml_type=ggml_type),
        weight("output_norm.weight", Role.OUTPUT, 1 << 6),
        weight("rope_freqs.weight", Role.LAYER, 1 << 7, 0),
        weight("blk.0.attn_q.weight", Role.LAYER, 1 << 10, 0),
        weight("blk.0.ffn_up_exps.weight", Role.LAYER, 1 << 11, 0),
        weight("blk.1.attn_q.weight", Role.LAYER, 1 << 12, 1),
        weight("blk.1.ffn_up_exps.weight", Role.LAYER, 1 << 13, 1),
        weight("blk.2.nextn.weight", Role.SKIPPED, 1 << 30),
    ]
    if not tied:
        weights.append(weight("output.weight", Role.OUTPUT, 1 << 18))
    return replace(a_model(n_layer=2), weights=tuple(weights), tied_output=tied)


def split(facts: ModelFacts, settings: LoadSettings, *gpus: Target) -> list[DeviceWeights]:
    placement = place(facts.n_layer_all, settings, (*gpus, HOST))
    if settings.override_tensor:
        return split_overridden(facts, settings, placement)
    return split_weights([sum_weights(facts, d.backend) for d in placement.devices], settings, placement)


def sizes(facts: ModelFacts, settings: LoadSettings, *gpus: Target) -> list[int]:
    return [found.n_bytes for found in split(facts, settings, *gpus)]


def load(n_gpu_layers: int, **changes: object) -> LoadSettings:
    return replace(LoadSettings(n_ctx=4096, n_gpu_layers=n_gpu_layers), **changes)


ROPE, LAYER_0, LAYER_1 = 1 << 7, (1 << 10) + (1 << 11), (1 << 12) + (1 << 13)
INPUT, OUTPUT, NORM = 1 << 20, 1 << 18, 1 << 6


def test_a_pattern_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(SettingsError, match="regular expression") as refused:
        split(model(), load(3, override_tensor=(("ffn_(", "CPU"),)), CUDA)
    assert refused.value.option == "--override-tensor"


def test_on_the_cpu_every_tensor_counts_once() -> None:
    assert sizes(model(), load(0)) == [INPUT + OUTPUT + NORM + ROPE + LAYER_0 + LAYER_1]
    assert sizes(model(tied=True), load(0)) == [INPUT + NORM + ROPE + LAYER_0 + LAYER_1]


def test_the_output_goes_first_and_the_input_never() -> None:
    assert sizes(model(), load(1), CUDA) == [OUTPUT + NORM + 64, INPUT + ROPE + LAYER_0 + LAYER_1]
    # CUDA aligns to 128 bytes; rotation factors lie on every device that has layers.
    assert sizes(model(), load(2), CUDA) == [OUTPUT + NORM + 64 + LAYER_1 + ROPE, INPUT + ROPE + LAYER_0]
    assert sizes(model(), load(3), CUDA) == [OUTPUT + NORM + 64 + LAYER_0 + LAYER_1 + ROPE, INPUT]


def test_a_tied_embedding_is_loaded_again_where_the_output_is() -> None:
    assert sizes(model(tied=True), load(3), CUDA)[0] == INPUT + NORM + 64 + LAYER_0 + LAYER_1 + ROPE


def test_a_repacked_head_is_a_second_copy_on_the_cpu() -> None:
    same = sizes(model(tied=True), load(0))
    assert sizes(model(tied=True, ggml_type=Q6_K), load(0)) == same
    assert sizes(model(tied=True, ggml_type=Q4_0), load(0)) == [same[0] + INPUT]
    # With a GPU in play nothing is repacked.
    assert sizes(model(tied=True, ggml_type=Q4_0), load(0), CUDA) == [0, same[0]]


def test_a_head_that_is_made_before_its_embedding_is_a_second_copy() -> None:
    tied = model(tied=True)
    plain = sizes(tied, load(0))
    assert sizes(replace(tied, embedding_allocated_twice=True), load(0)) == [plain[0] + INPUT]


def test_the_first_blocks_experts_stay_behind() -> None:
    gpu, host = sizes(model(), load(3, n_cpu_moe=1), CUDA)
    assert host == INPUT + (1 << 11)
    assert gpu == OUTPUT + NORM + 64 + LAYER_0 - (1 << 11) + LAYER_1 + ROPE
    assert sizes(model(), load(3, n_cpu_moe=99), CUDA)[1] == INPUT + (1 << 11) + (1 << 13)


def test_patterns_are_searched_and_the_first_wins() -> None:
    rules = ((r"blk\.1\.", "CUDA0"), ("_exps", "CPU"))
    gpu, host = sizes(model(), load(1, override_tensor=rules), CUDA)
    assert gpu == OUTPUT + NORM + 64 + LAYER_1
    assert host == INPUT + ROPE + LAYER_0
    gpu, host = sizes(model(), load(3, override_tensor=(("_exps", "CPU"), (r"blk\.1\.", "CUDA0"))), CUDA)
    assert host == INPUT + (1 << 11) + (1 << 13)


def test_overrides_that_match_nothing_change_nothing() -> None:
    for tied in (False, True):
        for n_gpu_layers in (0, 3):
            plain = split(model(tied=tied), load(n_gpu_layers), CUDA)
            same = split(model(tied=tied), load(n_gpu_layers, override_tensor=(("nothing", "CPU"),)), CUDA)
            assert plain[1] == same[1]
            assert plain[0].n_bytes - same[0].n_bytes in (0, ROPE)  # one more copy of the rotation factors


def test_two_gpus_hold_together_what_one_does() -> None:
    second = replace(CUDA, name="CUDA1")
    one = sizes(model(), load(3), CUDA)
    two = sizes(model(), load(3), CUDA, second)
    assert sum(two[:2]) in (one[0], one[0] + ROPE)
    assert two[2] == one[1]


def test_only_mapped_tensors_of_the_host_can_be_dropped() -> None:
    whole = sizes(model(), load(0))[0]
    assert split(model(), load(0))[0] == DeviceWeights(whole, whole)
    assert split(model(), load(0, use_mmap=False))[0] == DeviceWeights(whole, 0)
    gpu, host = split(model(), load(3), CUDA)
    assert (gpu.mapped_bytes, host.mapped_bytes) == (0, INPUT)
    repacked = split(model(tied=True, ggml_type=Q4_0), load(0))[0]
    assert repacked.mapped_bytes == repacked.n_bytes - INPUT


def test_cuda_pads_the_last_row_of_quantized_tensors() -> None:
    odd = Weight("blk.0.ffn_down.weight", Role.LAYER, 0, (768, 64), Q8_0, 768 * 64 // 32 * 34)
    assert stored_bytes(odd, "CUDA") == pad(odd.n_bytes + 256 // 32 * 34, 128)
    assert stored_bytes(odd, "Vulkan") == odd.n_bytes
    assert stored_bytes(replace(odd, ggml_type=F16), "CUDA") == pad(odd.n_bytes, 128)
    even = replace(odd, dims=(1024, 64), n_bytes=1024 * 64 // 32 * 34)
    assert stored_bytes(even, "CUDA") == even.n_bytes
