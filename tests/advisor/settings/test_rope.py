import ctypes
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.settings.request import Request
from advisor.settings.resolve import check_within_training, resolve
from advisor.settings.rope import TRAINED_ROPE, Rope, reaches, said, stretched, stretching_note
from tests.support.planning import a_model

MODEL = a_model(n_ctx_train=32768)


@pytest.mark.parametrize(
    ("rope", "option"),
    [
        (Rope(scaling="ntk"), "--rope-scaling"),
        (Rope(scale=0), "--rope-scale"),
        (Rope(scale=-2), "--rope-scale"),
        (Rope(scale=float("inf")), "--rope-scale"),
        (Rope(freq_base=float("nan")), "--rope-freq-base"),
        (Rope(freq_scale=0), "--rope-freq-scale"),
        (Rope(scale=2, freq_scale=0.5), "--rope-scale"),
        (Rope(yarn_beta_fast=float("nan")), "--yarn-beta-fast"),
        (Rope(scale=1e300), "--rope-scale"),
        (Rope(scale=1e-300), "--rope-scale"),
        (Rope(freq_scale=1e300), "--rope-freq-scale"),
        (Rope(freq_scale=5e-324), "--rope-freq-scale"),
    ],
)
def test_what_llama_cpp_cannot_work_with_is_refused(rope: Rope, option: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Request(rope=rope).check()
    assert caught.value.option == option


@given(st.floats(allow_nan=False), st.sampled_from(["scale", "freq_scale"]))
def test_what_is_not_refused_can_be_counted_with(value: float, name: str) -> None:
    rope = Rope(scaling="yarn", **{name: value})
    try:
        rope.check()
    except SettingsError:
        return
    assert reaches(MODEL, rope) >= 0


def test_the_models_own_values_are_allowed() -> None:
    Request(rope=Rope(yarn_ext_factor=-1, yarn_attn_factor=-1, yarn_orig_ctx=0)).check()
    assert said(TRAINED_ROPE) == {}


def test_within_the_training_context_nothing_is_stretched() -> None:
    assert stretched(MODEL, 32768) == TRAINED_ROPE
    assert stretching_note(MODEL, TRAINED_ROPE) is None
    assert stretched(replace(MODEL, has_rope=False), 99999) == TRAINED_ROPE


def test_yarn_takes_the_factor_that_model_cards_name() -> None:
    # Qwen2.5: "factor": 4.0, "original_max_position_embeddings": 32768, for 131,072 tokens.
    assert stretched(MODEL, 131072) == Rope(scaling="yarn", scale=4.0, yarn_orig_ctx=32768)
    # A header that is stretched already: from what it was trained for, not from there.
    long = replace(MODEL, n_ctx_train=131072, rope_scaling="yarn", n_ctx_original=32768)
    assert stretched(long, 262144) == Rope(scaling="yarn", scale=8.0, yarn_orig_ctx=32768)


@given(st.integers(256, 262144), st.integers(1, 4096))
def test_the_factor_reaches_as_llama_cpp_counts_and_is_not_larger_than_need_be(
    trained: int, more: int
) -> None:
    facts = a_model(n_ctx_train=trained)
    n_ctx = trained + 256 * more
    rope = stretched(facts, n_ctx)
    # common/arg.cpp: 1.0f / std::stof(value); src/llama-context.cpp: n_ctx_orig_yarn / rope_freq_scale
    freq_scale = ctypes.c_float(1.0 / ctypes.c_float(rope.scale or 0).value).value
    assert int(ctypes.c_float(trained / freq_scale).value) >= n_ctx
    assert (rope.scale or 0) <= n_ctx / trained + 0.02
    assert reaches(facts, rope) >= n_ctx


def test_linear_scaling_does_not_raise_the_limit_of_a_slot() -> None:
    assert reaches(MODEL, Rope(scaling="linear", scale=4)) == 32768
    assert reaches(MODEL, Rope(scaling="yarn", freq_scale=0.5)) == 65536


def test_above_training_adds_yarn_where_the_runtime_can_say_it() -> None:
    asked = Request(n_ctx=65536, above_training=True)
    assert resolve(asked, MODEL).rope.scale == 2
    assert resolve(replace(asked, above_training=False), MODEL).rope == TRAINED_ROPE
    assert resolve(replace(asked, runtime="ollama"), MODEL).rope == TRAINED_ROPE
    own = Rope(scaling="linear", scale=3)
    assert resolve(replace(asked, rope=own), MODEL).rope == own
    # Four slots with a share each, none of which is beyond the training context.
    assert resolve(replace(asked, n_seq_max=4, kv_unified=False), MODEL).rope == TRAINED_ROPE


@pytest.mark.parametrize("runtime", [None, "llama-cpp-python"])
def test_a_recommendation_goes_beyond_only_when_asked_to(runtime: str | None) -> None:
    asked = Request(runtime=runtime, n_ctx=65536)
    with pytest.raises(SettingsError, match="trained for") as caught:
        check_within_training(asked, MODEL)
    assert "--above-training" in caught.value.hint
    check_within_training(replace(asked, above_training=True), MODEL)
    check_within_training(replace(asked, rope=Rope(scaling="yarn", scale=2)), MODEL)
    check_within_training(replace(asked, n_ctx=32768), MODEL)
    check_within_training(Request(runtime=runtime), MODEL)
    check_within_training(Request(n_ctx=1000), a_model(n_ctx_train=1000))  # rounded up to 1,024


@pytest.mark.parametrize("runtime", ["ollama", "lm-studio"])
def test_without_words_for_yarn_it_is_never_recommended(runtime: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_within_training(Request(runtime=runtime, n_ctx=65536, above_training=True), MODEL)
    assert "--runtime llama-server" in caught.value.hint


def test_stretching_is_warned_of() -> None:
    note = stretching_note(MODEL, stretched(MODEL, 65536))
    assert note
    assert "by 2 with YaRN" in note.text
    assert "factors up to 4" in str(stretching_note(MODEL, stretched(MODEL, 327680)))
    assert "LongRoPE" in str(stretching_note(replace(MODEL, rope_scaling="longrope"), Rope(scale=2)))
