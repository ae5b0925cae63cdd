"""From settings back to the request: it resolves to the same, and leaves the runtime its own rules."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.settings.asking import request_of, with_slots
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import RUNTIMES
from tests.support.planning import a_model

MODEL = a_model()


def test_slots_that_cannot_be_are_refused() -> None:
    with pytest.raises(SettingsError):
        with_slots(Request(), MODEL, 1000)


@given(
    st.builds(
        Request,
        runtime=st.sampled_from(sorted(RUNTIMES)),
        n_ctx=st.integers(1, 40_000),
        n_seq_max=st.none() | st.integers(1, 9),
        kv_unified=st.none() | st.booleans(),
        n_batch=st.none() | st.integers(32, 4096),
        n_ubatch=st.none() | st.integers(32, 4096),
        swa_full=st.none() | st.booleans(),
        cache_type_k=st.sampled_from(["f16", "q8_0"]),
        n_gpu_layers=st.none() | st.integers(-1, 40),
        n_cpu_moe=st.none() | st.integers(0, 40),
        offload_kqv=st.none() | st.booleans(),
        main_gpu=st.none() | st.integers(0, 3),
    )
)
def test_the_way_back_ends_at_the_same_settings(request_: Request) -> None:
    if request_.runtime == "ollama":
        request_ = replace(request_, cache_type_v=request_.cache_type_k)
    settings = resolve(replace(request_, flash_attn="on"), MODEL)
    assert resolve(request_of(settings, MODEL), MODEL) == settings


def test_the_runtimes_own_rules_go_on_following_the_context() -> None:
    small = resolve(Request(runtime="ollama", n_ctx=4096), MODEL)
    asked = request_of(small, MODEL)
    assert (asked.n_batch, asked.n_ubatch, asked.n_gpu_layers) == (None, None, ALL_LAYERS)
    assert resolve(replace(asked, n_ctx=16384), MODEL).n_ubatch == 1024


@pytest.mark.parametrize(
    ("runtime", "n_ctx", "each"),
    [("llama-server", 32768, 8192), ("ollama", 32768, 8192), ("lm-studio", 8192, 8192)],
)
def test_more_slots_keep_each_ones_context(runtime: str, n_ctx: int, each: int) -> None:
    one = Request(runtime=runtime, n_ctx=8192, n_seq_max=1)
    four = resolve(with_slots(one, MODEL, 4), MODEL)
    assert (four.n_seq_max, four.n_ctx, four.n_ctx_per_slot) == (4, n_ctx, each)
    assert resolve(with_slots(request_of(four, MODEL), MODEL, 1), MODEL).n_ctx == 8192
