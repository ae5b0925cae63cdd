"""Which layers look back how far: every architecture with a rule, derived by hand from src/models/*.cpp."""

from __future__ import annotations

import pytest

from advisor.errors import ModelFactsError
from advisor.gguf.header import SkippedArray, Value
from advisor.model import facts
from tests.support.model_headers import model_header

WINDOW = "attention.sliding_window"
PATTERN = "attention.sliding_window_pattern"


def windows(architecture: str, keys: dict[str, Value | None] | None = None) -> list[int]:
    found = facts(model_header(architecture, keys))
    return [layer.attention.window for layer in found.layers if layer.attention]


def windowed(architecture: str, keys: dict[str, Value | None] | None = None) -> str:
    """One letter a layer: w for a window, a dot for all tokens."""
    return "".join("w" if window else "." for window in windows(architecture, keys))


@pytest.mark.parametrize("architecture", ["cohere2", "gpt-oss", "muse-glimmer", "exaone-moe", "gemma3n"])
def test_a_window_that_must_be_there_and_is_not(architecture: str) -> None:
    with pytest.raises(ModelFactsError, match=f'no "{architecture}.attention.sliding_window"'):
        windows(architecture)
    with pytest.raises(ModelFactsError, match="is 0, but layers of this model have a window"):
        windows(architecture, {WINDOW: 0})


@pytest.mark.parametrize("architecture", ["gemma4", "granite_swa", "mimo2", "spark2_5", "step35", "maple"])
def test_a_list_of_layers_that_must_be_there_and_is_not(architecture: str) -> None:
    with pytest.raises(ModelFactsError, match=r'no ".*sliding_window_pattern"'):
        windows(architecture, {WINDOW: 512})
    with pytest.raises(ModelFactsError, match="should be a list, but is 2"):
        windows(architecture, {WINDOW: 512, PATTERN: 2})


@pytest.mark.parametrize(
    "pattern", ["w", 1.5, ("w",), (1.0, 2.0), (-1, 0), SkippedArray(4, 4096), (1,) * 600]
)
def test_patterns_that_are_none(pattern: Value) -> None:
    with pytest.raises(ModelFactsError, match="sliding_window_pattern"):
        windows("gemma3", {WINDOW: 512, PATTERN: pattern})


# Eight layers each. Period p: the last of every p layers sees all tokens, with dense_first the first.
@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("afmoe", "www.www."),  # afmoe.cpp: load_swa_pattern(ml, 4)
        ("cohere2", "www.www."),
        ("cohere2moe", ".www.www"),  # cohere2moe.cpp: (ml, 4, true)
        ("exaone-moe", "www.www."),
        ("gemma2", "w.w.w.w."),  # gemma2.cpp: (ml, 2)
        ("gemma3", "wwwww.ww"),  # gemma3.cpp: (ml, 6)
        ("gemma3n", "wwww.www"),  # gemma3n.cpp: (ml, 5)
        ("gpt-oss", "w.w.w.w."),  # openai-moe.cpp: (ml, 2)
        ("laguna", ".www.www"),
        ("mellum", "www.www."),
        ("muse-glimmer", "www.www."),
        ("olmo2", "www.www."),
        ("plamo3", "wwwwwww."),  # plamo3.cpp: (ml, 8)
        ("modern-bert", ".ww.ww.w"),  # modern-bert.cpp: (ml, 3, true)
        ("gemma-embedding", "wwwww.ww"),
    ],
)
def test_periods_by_architecture(architecture: str, expected: str) -> None:
    assert windowed(architecture, {WINDOW: 512}) == expected
    assert set(windows(architecture, {WINDOW: 512})) == {0, 512}


@pytest.mark.parametrize(
    "architecture", ["afmoe", "gemma3", "laguna", "mellum", "olmo2", "plamo3", "smallthinker"]
)
def test_some_have_windows_only_if_the_header_gives_their_size(architecture: str) -> None:
    assert windowed(architecture) == "........"
    assert windowed(architecture, {WINDOW: 0}) == "........"


@pytest.mark.parametrize(
    "architecture", ["llama", "phi3", "phimoe", "qwen2", "qwen3", "mistral3", "lfm2moe", "starcoder2"]
)
def test_a_window_in_other_headers_is_ignored_as_llama_cpp_ignores_it(architecture: str) -> None:
    keys: dict[str, Value | None] = {WINDOW: 2047, PATTERN: 2}
    if architecture == "lfm2moe":
        keys["shortconv.l_cache"] = 3

    assert windowed(architecture, keys) == "........"


def test_gemma2_has_a_default_size() -> None:
    assert windows("gemma2")[:2] == [4096, 0]


def test_smallthinker_has_a_fixed_size() -> None:
    """smallthinker.cpp: n_swa = 4096 whatever the header says, the first of four layers dense"""
    assert windows("smallthinker", {WINDOW: 77}) == [0, 4096, 4096, 4096, 0, 4096, 4096, 4096]


def test_llama4_looks_back_in_chunks_unless_the_header_says_zero() -> None:
    """llama4.cpp: n_swa = 8192"""
    assert windows("llama4") == [8192, 8192, 8192, 0] * 2
    assert windows("llama4", {WINDOW: 77}) == [8192, 8192, 8192, 0] * 2
    assert windowed("llama4", {WINDOW: 0}) == "........"


def test_exaone4_has_windows_with_64_layers_only() -> None:
    """exaone4.cpp: if (n_layer() == 64), which does not count prediction blocks"""
    assert windowed("exaone4", {WINDOW: 4096}) == "........"
    assert windowed("exaone4", {"block_count": 64}) == "www." * 16
    assert set(windows("exaone4", {"block_count": 64, WINDOW: 1024})) == {0, 1024}
    assert windowed("exaone4", {"block_count": 65, "nextn_predict_layers": 1}) == "www." * 16


def test_lfm2_windows_every_attention_layer() -> None:
    keys: dict[str, Value | None] = {
        "shortconv.l_cache": 3,
        "attention.head_count_kv": (0, 2, 0, 0, 2, 0, 0, 2),
        WINDOW: 256,
    }

    assert windows("lfm2", keys) == [256, 256, 256]
    assert windows("lfm2", {**keys, WINDOW: 0}) == [0, 0, 0]


def test_a_list_in_the_header_wins_and_may_have_another_length() -> None:
    """src/llama-model.cpp: load_swa_pattern; layers beyond a short list see all tokens"""
    assert windowed("gemma3", {WINDOW: 512, PATTERN: (1, 0, 0, 1)}) == "w..w...."
    assert windowed("gemma3", {WINDOW: 512, PATTERN: (True, False) * 8}) == "w.w.w.w."
    assert windowed("gemma4", {WINDOW: 512, PATTERN: (True, True, True, True, False, True)}) == "wwww.w.."


@pytest.mark.parametrize(("period", "expected"), [(3, "ww.ww.ww"), (1, "........"), (0, "wwwwwwww")])
def test_a_period_in_the_header_replaces_the_architectures(period: int, expected: str) -> None:
    assert windowed("gemma2", {WINDOW: 512, PATTERN: period}) == expected


def test_windowed_layers_may_have_heads_of_another_size() -> None:
    """key_length_swa, value_length_swa (Gemma 4); they default to the others"""
    keys: dict[str, Value | None] = {
        WINDOW: 512,
        PATTERN: (1, 0) * 4,
        "attention.key_length": 64,
        "attention.value_length": 64,
        "attention.key_length_swa": 32,
    }
    attention = [layer.attention for layer in facts(model_header("gemma4", keys)).layers]

    assert [a.key_length for a in attention if a] == [32, 64] * 4
    assert [a.value_length for a in attention if a] == [64] * 8


def test_an_unknown_architecture_has_windows_if_its_header_says_which_layers() -> None:
    keys: dict[str, Value | None] = {WINDOW: 512, PATTERN: 4}

    assert windowed("newcomer", keys) == "www.www."
    assert windowed("newcomer", {WINDOW: 512}) == "........"
