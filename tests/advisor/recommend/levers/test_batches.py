"""ubatch, slots and flash attention, with golden figures and with plans of known models."""

import pytest

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import LinearPlanner, a_model, gpu, ram

F16 = Request(cache_type_k="f16", cache_type_v="f16")
CARD = what_if(Hardware((ram(32 * GiB),)), gpus=("GeForce RTX 4070",))


@pytest.fixture(scope="module")
def llama() -> ModelFacts:
    return read_facts(preset_header("llama-3.1-8b"))


def test_a_small_ubatch_has_no_smaller_one(llama: ModelFacts) -> None:
    assert "ubatch" not in levers_of(llama, CARD, Request(n_ubatch=256))
    assert "ubatch" in levers_of(llama, CARD, Request(n_ubatch=512))


def test_a_larger_ubatch_is_offered_only_on_a_gpu_and_where_it_fits(llama: ModelFacts) -> None:
    found = levers_of(llama, CARD, F16, n_ctx=16384)
    lever = found["ubatch-1024"]
    assert lever.gain_tokens < 0
    assert lever.gain_bytes < 0
    assert lever.request is not None
    assert (lever.request.n_ubatch, lever.request.n_batch) == (1024, 2048)
    assert Planner(llama, CARD).estimate(resolve(lever.request, llama, 16384)).fits
    full = levers_of(llama, CARD, F16)
    assert not {"ubatch-1024", "ubatch-2048"} & set(full)
    assert "ubatch-1024" not in levers_of(llama, Hardware((ram(32 * GiB),)), F16, n_ctx=16384)


def test_one_slot_gets_what_several_shared() -> None:
    # 11.75 GiB of cache: 24,064 tokens for each of four, all that the model was trained for alone.
    facts, hardware = a_model(), Hardware((ram(16 * GiB),))
    planner = LinearPlanner(facts, hardware)
    request = Request(cache_type_k="f16", cache_type_v="f16", users=4)
    lever = levers_of(facts, hardware, request, planner=planner, n_ctx=8192)["one-slot"]
    assert lever.text == (
        "One slot instead of 4: +8,704 tokens, frees 3.0 GiB, one conversation at a time has it all"
    )
    assert lever.request is not None
    assert (lever.request.users, lever.request.n_seq_max) == (None, 1)


def test_one_slot_is_no_lever_of_its_own(llama: ModelFacts) -> None:
    assert "one-slot" not in levers_of(llama, CARD, F16)
    assert "one-slot" not in levers_of(llama, CARD, Request(runtime="llama-cpp-python"))


def test_flash_attention_off_is_a_cost_only_where_it_could_be(llama: ModelFacts) -> None:
    lever = levers_of(llama, CARD, F16, n_ctx=16384)["flash-attention-off"]
    off = Planner(llama, CARD).estimate(resolve(Request(flash_attn="off"), llama, 16384))
    on = Planner(llama, CARD).estimate(resolve(F16, llama, 16384))
    assert lever.gain_bytes == on.total_bytes - off.total_bytes < 0
    assert lever.gain_tokens < 0
    for request in (Request(flash_attn="off"), Request(cache_type_k="q8_0", cache_type_v="q8_0")):
        assert "flash-attention-off" not in levers_of(llama, CARD, request, n_ctx=4096)


def test_without_layers_on_the_gpu_no_prompt_gets_faster() -> None:
    facts, hardware = a_model(), Hardware((gpu(8 * GiB), ram(32 * GiB)))
    planner = LinearPlanner(facts, hardware)
    found = levers_of(facts, hardware, Request(n_gpu_layers=0), planner=planner, n_ctx=8192)
    assert "ubatch-1024" not in found
