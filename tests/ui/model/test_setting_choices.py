"""What the settings panel offers: only what the runtime can say, within the model's bounds."""

from __future__ import annotations

import pytest

from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import resolve
from tests.support import answers
from tests.support.answers import Model
from ui.model.setting_choices import (
    SettingChoices,
    offered,
    with_batches,
    with_cache_type,
    with_gpu_layers,
    with_n_ctx,
)

LLAMA = answers.model()
EXPERTS = answers.model("Qwen3 30B A3B", n_expert=128)


def choices(request: Request, of: Model = LLAMA, *, gpu: bool = True) -> SettingChoices:
    hardware = answers.computer(answers.gpu()) if gpu else answers.computer()
    plan = answers.plan(of, hardware, resolve(request, of.facts))
    return offered(request, plan, of.facts, hardware)


def test_the_context_runs_to_what_the_model_was_trained_for() -> None:
    made = choices(Request(n_ctx=8192))
    assert (made.n_ctx, made.n_ctx_step, made.n_ctx_highest, made.is_per_slot) == (8192, 256, 131072, False)


def test_with_users_the_context_is_each_ones_share() -> None:
    made = choices(Request(n_ctx=8192, users=4))
    assert (made.n_ctx, made.is_per_slot, made.n_slots) == (8192, True, 4)


def test_a_context_beyond_the_bounds_is_still_shown() -> None:
    assert choices(Request(n_ctx=200_192, above_training=True)).n_ctx_highest >= 200_192


@pytest.mark.parametrize(
    ("runtime", "one", "bf16", "slots"),
    [
        ("llama-server", False, True, True),
        ("ollama", True, True, True),
        ("lm-studio", False, False, True),
        ("llama-cpp-python", False, True, False),
    ],
)
def test_only_what_the_runtime_can_say_is_offered(runtime: str, one: bool, bf16: bool, slots: bool) -> None:
    made = choices(Request(runtime=runtime, n_ctx=4096))
    assert made.one_cache_type is one
    assert ("bf16" in made.cache_types) is bf16
    assert (made.n_slots is not None) is slots


def test_experts_are_offered_only_to_a_model_that_has_them_on_a_gpu() -> None:
    assert choices(Request()).n_cpu_moe is None
    assert choices(Request(n_cpu_moe=12), EXPERTS).n_cpu_moe == 12
    assert choices(Request(), EXPERTS, gpu=False).n_cpu_moe is None
    assert choices(Request(runtime="ollama"), EXPERTS).n_cpu_moe is None


def test_without_a_gpu_there_are_no_layers_to_move() -> None:
    assert choices(Request(), gpu=False).n_gpu_layers is None
    assert choices(Request()).n_gpu_layers == 33


def test_a_model_without_a_cache_has_no_cache_types() -> None:
    mamba = answers.model("Mamba 2", architecture="mamba2", kv_bytes_per_token=0)
    assert choices(Request(), mamba).cache_types == ()


def test_an_unusual_batch_is_among_those_offered() -> None:
    made = choices(Request(n_batch=1536, n_ubatch=96))
    assert {96, 1536} <= set(made.batches)
    assert (made.said_n_batch, made.n_ubatch) == (1536, 96)


def test_ollama_gets_one_type_for_both() -> None:
    changed = with_cache_type(Request(runtime="ollama", cache_type_k="f16", cache_type_v="f16"), v="q8_0")
    assert (changed.cache_type_k, changed.cache_type_v) == ("q8_0", "q8_0")


def test_a_quantized_v_brings_flash_attention_where_it_must_be_asked_for() -> None:
    asked = Request(runtime="llama-cpp-python", cache_type_k="f16", cache_type_v="f16", flash_attn="off")
    changed = with_cache_type(asked, v="q8_0")
    assert (changed.cache_type_k, changed.cache_type_v, changed.flash_attn) == ("f16", "q8_0", "on")
    assert with_cache_type(changed, v="f16").flash_attn is None


def test_changes_say_one_thing() -> None:
    asked = Request(n_ctx=4096)
    assert with_n_ctx(asked, 8192) == Request(n_ctx=8192)
    assert with_gpu_layers(asked, LLAMA.facts, 33).n_gpu_layers == ALL_LAYERS
    assert with_gpu_layers(asked, LLAMA.facts, 20).n_gpu_layers == 20
    assert with_batches(asked, n_batch=512, n_ubatch=2048).n_ubatch == 512
    assert with_batches(asked, n_batch=None, n_ubatch=None) == asked
