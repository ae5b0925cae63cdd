"""What one more token of context costs, against published and hand-derived figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.gguf import read_header
from advisor.model import Attention, ModelFacts, facts
from advisor.model.kv_row import growing_f16_bytes, grows, key_elements, state_bytes, value_elements
from advisor.units import KiB, MiB
from tests.support.model_headers import LATENT, model_header
from tests.support.shapes import SHAPES, write_shape


def shape(name: str, directory: Path) -> ModelFacts:
    return facts(read_header(write_shape(name, directory)))


# In KiB: 2 bytes * layers whose cache grows * (key + value) * key-value heads.
GROWTH = {
    "llama-3.2-1b": 32,  # 2 * 16 * (64 + 64) * 8
    "llama-3.1-8b": 128,  # 2 * 32 * (128 + 128) * 8
    "llama-3.1-70b": 320,  # 2 * 80 * (128 + 128) * 8
    "mixtral-8x7b": 128,
    "qwen3-8b": 144,  # 2 * 36 * (128 + 128) * 8
    "qwen3-30b-a3b": 96,  # 2 * 48 * (128 + 128) * 4
    "phi-3-mini": 384,  # 2 * 32 * (96 + 96) * 32: no window, no grouping
    "gemma-2-9b": 168,  # 2 * 21 * (256 + 256) * 8: every second layer
    "gemma-3-12b": 64,  # 2 * 8 * (256 + 256) * 8: every sixth layer
    "gemma-4-like": 6,  # 2 * 3 * (512 + 512): layers 4, 9 and 14 of 35
    "gpt-oss-20b": 24,  # 2 * 12 * (64 + 64) * 8
    "deepseek-v2-lite": 30.375,  # 2 * 27 * 576: the latent alone
    "deepseek-v2-lite-old": 270,  # 2 * 27 * (192 + 128) * 16
    "qwen3.5-like": 20,  # 2 * 10 * (256 + 256) * 2
    "mamba2-2.7b": 0,
}


@pytest.mark.parametrize("name", SHAPES)
def test_growth_per_token_at_f16(name: str, tmp_path: Path) -> None:
    assert growing_f16_bytes(shape(name, tmp_path)) == GROWTH[name] * KiB


@pytest.mark.parametrize(("name", "mib"), [("mamba2-2.7b", 163.94), ("qwen3.5-like", 62.81)])
def test_state_of_one_sequence(name: str, mib: float, tmp_path: Path) -> None:
    assert state_bytes(shape(name, tmp_path)) / MiB == pytest.approx(mib, abs=0.005)


def test_models_without_a_cache_do_not_grow() -> None:
    assert growing_f16_bytes(facts(model_header("bert"))) == 0


def test_elements_of_a_row() -> None:
    plain = Attention(32, 8, 128, 64)
    latent = Attention(16, 1, 576, 512, keys_only=True)

    assert (key_elements(plain), value_elements(plain)) == (1024, 512)
    assert (key_elements(latent), value_elements(latent)) == (576, 0)


def test_only_own_caches_without_a_window_grow() -> None:
    assert grows(Attention(4, 4, 16, 16))
    assert not grows(Attention(4, 4, 16, 16, window=512))
    assert not grows(Attention(4, 4, 16, 16, shares_cache_of=3))


def test_indexer_keys_grow_with_the_context() -> None:
    keys = {**LATENT, "attention.indexer.key_length": 8}

    assert growing_f16_bytes(facts(model_header("deepseek32", keys))) == 2 * 8 * (40 + 8)


def test_a_compressed_cache_grows_by_fractions() -> None:
    """4 of 8 layers keep one key for 4 tokens (with an indexer key), 2 one for 128; the windows are full."""
    keys = {
        "attention.head_count_kv": 1,
        "attention.key_length": 32,
        "attention.sliding_window": 128,
        "attention.indexer.key_length": 16,
        "attention.compress_ratios": (0, 0, 4, 128, 4, 128, 4, 4),
    }

    assert growing_f16_bytes(facts(model_header("deepseek4", keys))) == 2 * (4 * (32 + 16) / 4 + 2 * 32 / 128)
