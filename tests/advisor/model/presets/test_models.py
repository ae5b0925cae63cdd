"""Known models without a file: which there are, and what their headers mean."""

from __future__ import annotations

import pytest

from advisor.errors import PresetError
from advisor.model import Role
from advisor.model.presets import ModelPreset, preset_header, split_preset
from advisor.model.presets.quantization import QUANTIZATIONS
from advisor.units import GiB, KiB, MiB
from tests.support.kv_oracle import kv_cache_bytes
from tests.support.presets import facts_named, header_of, presets

PRESETS = presets()

# Parameters of the published weights, without vision and without rotation factors that the converter adds.
PUBLISHED_PARAMETERS = {
    "llama-3.2-1b": 1_235_814_400,
    "llama-3-8b": 8_030_261_248,
    "llama-3-70b": 70_553_706_496,
    "qwen2.5-32b": 32_763_876_352,
    "qwen3-8b": 8_190_735_360,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-next-80b-a3b": 79_674_391_296,
    "mixtral-8x7b": 46_702_792_704,
    "gemma-3-4b": 3_880_099_328,
    "deepseek-v3": 671_026_419_200,
    "glm-4.5-air": 110_468_824_832,
    "mamba2-2.7b": 2_702_599_680,
}


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(PresetError) as caught:
        preset_header("llama-3.1-8")
    assert caught.value.code == "unknown-model-preset"
    assert caught.value.message == 'There is no model preset "llama-3.1-8".'
    assert caught.value.hint.startswith("Did you mean llama-3.1-8b or ")


def test_a_name_like_no_other_gets_all_of_them() -> None:
    with pytest.raises(PresetError) as caught:
        preset_header("")
    assert all(name in caught.value.hint for name in PRESETS)


@pytest.mark.parametrize("wanted", ["Q4", "Q4_K_XL", "", "MXFP4"])
def test_an_unknown_quantization_is_refused_with_those_that_exist(wanted: str) -> None:
    with pytest.raises(PresetError) as caught:
        preset_header("llama-3.1-8b", wanted)
    assert caught.value.code == "unknown-quantization"
    assert all(name in caught.value.hint for name in QUANTIZATIONS if name != "MXFP4_MOE")


def test_a_model_comes_only_as_it_was_trained() -> None:
    with pytest.raises(PresetError, match="does not come in") as caught:
        preset_header("gpt-oss-20b", "Q4_K_M")
    assert caught.value.hint == "Choose one of MXFP4_MOE."


def test_there_are_enough_of_them() -> None:
    assert len(PRESETS) >= 27


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_model(name: str) -> None:
    preset = PRESETS[name]
    found = facts_named(name)
    assert found.name == preset.title
    assert found.architecture == preset.architecture
    assert found.verified
    assert not found.is_encoder
    assert found.n_vocab > 0
    assert found.n_ctx_train >= 4096
    assert str(found.path) == f"preset:{name}:{preset.default_quantization}"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_names_a_public_source(preset: ModelPreset) -> None:
    assert preset.source.startswith("https://huggingface.co/")
    assert len(preset.source.split("/")) == 5


def test_titles_and_sources_are_not_used_twice() -> None:
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)
    assert len({preset.source for preset in PRESETS.values()}) == len(PRESETS)


def test_the_usual_quantization_is_the_default() -> None:
    assert facts_named("llama-3.1-8b").quantization == "Q4_K_M"
    assert facts_named("gpt-oss-20b").quantization == "MXFP4"


@pytest.mark.parametrize("spelling", ["Q8_0", "q8_0"])
def test_a_quantization_is_read_in_either_case(spelling: str) -> None:
    assert facts_named("LLAMA-3.1-8b", spelling).quantization == "Q8_0"


def test_what_is_typed_is_split() -> None:
    assert split_preset("preset:llama-3.1-8b") == ("llama-3.1-8b", None)
    assert split_preset("preset:llama-3.1-8b:Q8_0") == ("llama-3.1-8b", "Q8_0")
    assert split_preset("preset:llama-3.1-8b:") == ("llama-3.1-8b", None)


@pytest.mark.parametrize(
    ("name", "bytes_per_token"),
    [
        ("llama-2-7b", 524_288),
        ("llama-3-8b", 131_072),
        ("llama-3-70b", 327_680),
        ("llama-3.1-8b", 128 * KiB),
        ("llama-3.1-70b", 320 * KiB),
        ("llama-3.2-1b", 32 * KiB),
        ("qwen2.5-32b", 256 * KiB),
        ("qwen3-8b", 144 * KiB),
    ],
)
def test_a_token_takes_what_is_known(name: str, bytes_per_token: int) -> None:
    found = facts_named(name)
    assert kv_cache_bytes(found, 131_072, "f16") == 131_072 * bytes_per_token
    assert kv_cache_bytes(found, 256, "q8_0") == 256 * bytes_per_token // 2 * 34 // 32


def test_totals_that_people_know() -> None:
    assert kv_cache_bytes(facts_named("llama-3.1-8b"), 131_072, "f16") == 16 * GiB
    assert kv_cache_bytes(facts_named("llama-2-7b"), 131_072, "f16") == 64 * GiB
    assert kv_cache_bytes(facts_named("deepseek-v2-lite"), 16_384, "f16") == 486 * MiB
    assert kv_cache_bytes(facts_named("gemma-4-12b"), 8192, "q8_0") == 323 * MiB


@pytest.mark.parametrize(("name", "n_params"), PUBLISHED_PARAMETERS.items())
def test_parameters_are_those_of_the_weights(name: str, n_params: int) -> None:
    weights = [t for t in header_of(name).tensors if not t.name.startswith("rope_")]
    assert sum(tensor.n_elements for tensor in weights) == n_params


def test_prediction_blocks_are_in_the_file_but_not_loaded() -> None:
    found = facts_named("glm-4.5-air")
    assert (found.n_layer, found.n_layer_all) == (46, 47)
    skipped = {weight.name for weight in found.weights if weight.role is Role.SKIPPED}
    assert "blk.46.nextn.eh_proj.weight" in skipped
    assert all(name.startswith("blk.46.") for name in skipped)


def test_hybrids_keep_caches_where_they_attend() -> None:
    caches = [layer.index for layer in facts_named("nemotron-nano-9b-v2").layers if layer.attention]
    states = [layer for layer in facts_named("nemotron-nano-9b-v2").layers if layer.recurrence]
    assert caches == [14, 21, 30, 39]
    assert len(states) == 27
