"""What is moved to the CPU: as little as does it, with a slowness that comes from the speed's own figures."""

import re
from dataclasses import replace

import pytest

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.planner import Planner
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import Cost
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.speed import decoding
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import ram

CARD = what_if(Hardware((ram(64 * GiB),)), gpus=("GeForce RTX 4070",))
LARGE_CARD = what_if(Hardware((ram(64 * GiB),)), gpus=("GeForce RTX 4090",))
ON_CPU = {"experts-on-cpu", "layers-on-cpu", "cache-in-ram", "gpu-only-off"}


@pytest.fixture(scope="module")
def models() -> dict[str, ModelFacts]:
    names = ("llama-3.1-8b", "qwen3-30b-a3b", "gpt-oss-20b", "gemma-3-12b", "mamba2-2.7b")
    return {name: read_facts(preset_header(name)) for name in names}


def test_without_a_gpu_there_is_nothing_to_move(models: dict[str, ModelFacts]) -> None:
    assert not ON_CPU & set(levers_of(models["llama-3.1-8b"], Hardware((ram(8 * GiB),)), Request()))


def test_where_nothing_fits_the_fewest_experts_let_a_conversation_begin(
    models: dict[str, ModelFacts],
) -> None:
    facts = models["qwen3-30b-a3b"]
    lever = levers_of(facts, CARD, Request())["experts-on-cpu"]
    assert lever.request is not None
    moved = lever.request.n_cpu_moe
    assert moved
    planner = Planner(facts, CARD)
    assert planner.estimate(resolve(lever.request, facts, 4096)).fits
    fewer = replace(lever.request, n_cpu_moe=moved - 1)
    assert not planner.estimate(resolve(fewer, facts, 4096)).fits
    assert lever.title == f"Experts of {moved} layers on the CPU"
    assert lever.text.startswith(f"{lever.title}: then {lever.gain_tokens:,} tokens fit, writes about ")
    assert lever.detail.endswith("tokens/s at the start")


def test_the_fewest_layers_double_what_fits(models: dict[str, ModelFacts]) -> None:
    facts = models["llama-3.1-8b"]
    lever = levers_of(facts, CARD, Request(), n_ctx=16384)["layers-on-cpu"]
    here = levers_of(facts, CARD, Request(), n_ctx=16384)
    assert lever.request is not None
    assert lever.request.n_gpu_layers is not None
    planner = Planner(facts, CARD)
    n_ctx_max = max(n for n in range(256, 131072, 256) if planner.estimate(resolve(Request(), facts, n)).fits)
    assert planner.estimate(resolve(lever.request, facts, 2 * n_ctx_max)).fits
    fewer = replace(lever.request, n_gpu_layers=lever.request.n_gpu_layers + 1)
    assert not planner.estimate(resolve(fewer, facts, 2 * n_ctx_max)).fits
    assert lever.gain_tokens >= n_ctx_max
    assert "experts-on-cpu" not in here


def test_what_lies_there_already_is_said(models: dict[str, ModelFacts]) -> None:
    found = levers_of(models["gemma-3-12b"], CARD, Request(n_gpu_layers=39), n_ctx=4096)
    assert found["layers-on-cpu"].title.endswith(" layers on the CPU instead of 10")
    experts = Request(n_cpu_moe=20)
    found = levers_of(models["qwen3-30b-a3b"], CARD, experts, n_ctx=4096)
    assert found["experts-on-cpu"].title.endswith(" layers on the CPU instead of 20")


def test_the_slowness_is_the_ratio_of_both_speeds(models: dict[str, ModelFacts]) -> None:
    facts = models["llama-3.1-8b"]
    lever = levers_of(facts, CARD, Request(), n_ctx=16384)["cache-in-ram"]
    before = decoding(facts, resolve(Request(), facts, 16384), CARD)
    after = decoding(facts, resolve(Request(offload_kqv=False), facts, 16384), CARD)
    assert before is not None
    assert after is not None
    old, new = before.rate(16384), after.rate(16384)
    said = re.match(r"writes about ([\d.]+) times slower at 16,384 tokens, ", lever.detail)
    assert said
    assert old.high / new.high - 0.5 <= float(said[1]) <= old.low / new.low + 0.5
    full = lever.request and largest_row(lever.request, facts, Planner(facts, CARD)).n_ctx_max
    assert full
    slow, fast = (format_rate(rate) for rate in (after.rate(full).low, after.rate(full).high))
    assert f", {slow} to {fast} tokens/s at {full:,} (if the RAM is" in lever.detail
    assert lever.cost is Cost.HEAVY


def test_what_slows_the_writing_never_stands_before_what_does_not(models: dict[str, ModelFacts]) -> None:
    found = list(levers_of(models["llama-3.1-8b"], CARD, Request(), n_ctx=16384).values())
    buying = [lever for lever in found if lever.gain_tokens > 0]
    codes = [lever.code for lever in buying]
    assert max(buying, key=lambda lever: lever.gain_tokens).code == "cache-in-ram"
    assert codes[0] == "cache-type-q8_0-q8_0"
    assert [lever.cost for lever in buying] == sorted((lever.cost for lever in buying), key=list(Cost).index)
    assert {lever.code for lever in buying if lever.cost is Cost.HEAVY} == {"cache-in-ram", "layers-on-cpu"}


def test_what_is_slow_only_with_the_tokens_that_it_buys_is_slow(models: dict[str, ModelFacts]) -> None:
    # With layers on the CPU already, a cache in the RAM is felt at its end alone.
    small = what_if(Hardware((ram(64 * GiB),)), gpus=("GeForce RTX 4060",))
    request = Request(n_gpu_layers=28)
    lever = levers_of(models["gemma-3-12b"], small, request, n_ctx=8192)["cache-in-ram"]
    at_first = re.match(r"writes about (\d+) % slower at 8,192 tokens, ", lever.detail)
    assert at_first
    assert int(at_first[1]) < 20
    assert lever.cost is Cost.HEAVY


def test_where_no_speed_is_known_slower_is_all_that_is_said(models: dict[str, ModelFacts]) -> None:
    facts = models["llama-3.1-8b"]
    unknown = replace(CARD.gpus[0], bandwidth_bytes_per_second=None)
    found = levers_of(facts, Hardware((unknown, CARD.ram)), Request(), n_ctx=16384)
    assert found["layers-on-cpu"].detail == "writes more slowly"


def test_with_gpu_only_there_is_one_lever_that_allows_it(models: dict[str, ModelFacts]) -> None:
    found = levers_of(models["gpt-oss-20b"], CARD, Request(gpu_only=True))
    assert ON_CPU & set(found) == {"gpu-only-off"}
    lever = found["gpu-only-off"]
    assert lever.request is not None
    assert not lever.request.gpu_only
    assert lever.request.n_cpu_moe
    assert "--gpu-only" in lever.title


@pytest.mark.parametrize(
    ("runtime", "codes"),
    [
        ("llama-server", {"experts-on-cpu", "layers-on-cpu", "cache-in-ram"}),
        ("lm-studio", {"experts-on-cpu", "layers-on-cpu", "cache-in-ram"}),
        ("llama-cpp-python", {"layers-on-cpu", "cache-in-ram"}),
        ("ollama", {"layers-on-cpu"}),
    ],
)
def test_only_what_the_runtime_can_be_told(
    models: dict[str, ModelFacts], runtime: str, codes: set[str]
) -> None:
    found = levers_of(models["qwen3-30b-a3b"], LARGE_CARD, Request(runtime=runtime), n_ctx=4096)
    assert ON_CPU & set(found) == codes


def test_a_model_without_a_cache_has_none_to_move(models: dict[str, ModelFacts]) -> None:
    found = levers_of(models["mamba2-2.7b"], CARD, Request())
    assert "cache-in-ram" not in found
    assert not [code for code in found if code.startswith("cache-type")]
