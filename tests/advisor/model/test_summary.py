"""The sentences about a model's attention, and the counts that they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.gguf import read_header
from advisor.gguf.header import Value
from advisor.model import AttentionSummary, facts, summary
from tests.support.model_headers import model_header, tensor
from tests.support.shapes import write_shape


def of_shape(name: str, directory: Path) -> AttentionSummary:
    return summary(facts(read_header(write_shape(name, directory))))


def sentences(found: AttentionSummary) -> dict[str, str]:
    return {note.code: note.text for note in found.notes}


def test_grouped_heads(tmp_path: Path) -> None:
    said = sentences(of_shape("llama-3.1-8b", tmp_path))

    assert said == {
        "grouped-heads": "8 of 32 heads keep a cache: 4 times less than full attention.",
        "growth": "Each further token of context takes 128.0 KiB of KV cache at f16.",
    }


def test_full_attention(tmp_path: Path) -> None:
    said = sentences(of_shape("phi-3-mini", tmp_path))

    assert said["all-heads"] == "All 32 heads keep a cache: full attention, the dearest kind."


def test_heads_that_differ_from_layer_to_layer() -> None:
    found = summary(facts(model_header("openelm", {"attention.head_count_kv": (1, 2) * 4})))

    assert sentences(found)["grouped-heads"] == (
        "The layers keep 1 to 2 heads in the cache: 2.7 times less than full attention."
    )
    assert found.counts.head_counts == ((4, 1), (4, 2))
    assert found.counts.sharing_factor == pytest.approx(32 / 12)


def test_heads_that_differ_before_grouping_only() -> None:
    found = summary(facts(model_header("openelm", {"attention.head_count": (4, 8) * 4})))

    assert sentences(found)["grouped-heads"] == (
        "The layers keep 2 heads in the cache: 3 times less than full attention."
    )


def test_heads_that_differ_without_grouping_are_not_praised() -> None:
    keys: dict[str, Value | None] = {
        "attention.head_count": (4, 2) * 4,
        "attention.head_count_kv": (4, 2) * 4,
    }

    assert set(sentences(summary(facts(model_header("openelm", keys))))) == {"growth"}


def test_windows_and_shared_caches(tmp_path: Path) -> None:
    found = of_shape("gemma-4-like", tmp_path)
    said = sentences(found)

    assert said["grouped-heads"] == "1 of 8 heads keeps a cache: 8 times less than full attention."
    assert said["windowed"] == ("28 of 35 layers look back 512 tokens only: their cache stops growing there.")
    assert said["shared"] == "20 of 35 layers read the cache of another layer and take none."
    counts = found.counts
    assert (counts.n_attention, counts.n_growing, counts.n_windowed, counts.n_shared) == (35, 3, 28, 20)
    assert counts.windows == (512,)


def test_one_layer_is_spoken_of_in_the_singular() -> None:
    keys: dict[str, Value | None] = {
        "block_count": 3,
        "attention.sliding_window": 512,
        "attention.sliding_window_pattern": (1, 0, 0),
        "attention.shared_kv_layers": 1,
    }
    said = sentences(summary(facts(model_header("gemma4", keys))))

    assert said["windowed"] == "1 of 3 layers looks back 512 tokens only: its cache stops growing there."
    assert said["shared"] == "1 of 3 layers reads the cache of another layer and takes none."


def test_latent_attention(tmp_path: Path) -> None:
    found = of_shape("deepseek-v2-lite", tmp_path)

    assert sentences(found) == {
        "latent": "27 of 27 layers keep one compressed key for all heads (MLA): it serves as value, too.",
        "growth": "Each further token of context takes 30.4 KiB of KV cache at f16.",
    }
    assert (found.counts.n_latent, found.counts.sharing_factor) == (27, 1.0)


def test_recurrent_layers_and_prediction_blocks(tmp_path: Path) -> None:
    found = of_shape("qwen3.5-like", tmp_path)
    said = sentences(found)

    assert said["recurrent"] == (
        "30 of 40 layers are recurrent: a state of fixed size, 62.8 MiB in all for each sequence, instead "
        "of a cache that grows."
    )
    assert said["prediction-blocks"] == (
        "1 of the file's 41 blocks predicts several tokens ahead and is not loaded."
    )
    assert (found.counts.n_recurrent, found.counts.n_attention, found.counts.n_prediction) == (30, 10, 1)


def test_a_model_that_does_not_grow(tmp_path: Path) -> None:
    said = sentences(of_shape("mamba2-2.7b", tmp_path))

    assert set(said) == {"recurrent", "no-growth"}
    assert said["no-growth"] == "Beyond its fixed part, memory does not grow with the context."


def test_sparse_and_compressed_attention() -> None:
    keys: dict[str, Value | None] = {
        "attention.head_count_kv": 1,
        "attention.key_length": 32,
        "attention.sliding_window": 128,
        "attention.indexer.key_length": 16,
        "attention.compress_ratios": (0, 0, 4, 128, 4, 128, 4, 4),
    }
    found = summary(facts(model_header("deepseek4", keys)))
    said = sentences(found)

    assert said["compressed"] == "6 of 8 layers keep several tokens in one key."
    assert said["indexed"] == "4 of 8 layers keep an extra key for each token, to select by."
    assert "recurrent" not in said
    assert found.counts.n_recurrent == 0


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ("bert", "An embedding model keeps nothing between calls: it has no KV cache."),
        ("llada", "This kind of model keeps nothing between calls: it has no KV cache."),
    ],
)
def test_models_that_keep_nothing(architecture: str, said: str) -> None:
    found = summary(facts(model_header(architecture)))

    assert sentences(found) == {"no-cache": said}
    assert found.counts.n_growing == 0


def test_limits_are_said() -> None:
    table = [tensor("token_embd.weight", 64, 100), tensor("position_embd.weight", 64, 1024)]

    assert sentences(summary(facts(model_header("gpt2", tensors=table))))["position-table"] == (
        "The model has learned 1,024 positions: a larger context cannot work."
    )
    assert "no-flash-attention" in sentences(summary(facts(model_header("grok"))))


def test_doubt_is_said() -> None:
    assert "trust the engine's numbers" in sentences(summary(facts(model_header("newcomer"))))["unverified"]
    assert "draft" in sentences(summary(facts(model_header("eagle3"))))
    assert "unverified" not in sentences(summary(facts(model_header("llama"))))
