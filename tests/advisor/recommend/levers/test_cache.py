"""Cache types and windows as levers."""

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model.build import facts as read_facts
from advisor.model.presets import preset_header
from advisor.recommend.levers import levers
from advisor.recommend.planner import Planner
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import LinearPlanner, a_model, ram

CARD = what_if(Hardware((ram(64 * GiB),)), gpus=("GeForce RTX 4070",))


def test_types_that_the_heads_forbid_are_no_lever() -> None:
    plain = a_model()
    layers = tuple(
        replace(layer, attention=replace(layer.attention, key_length=80, value_length=80))
        for layer in plain.layers
        if layer.attention
    )
    facts = replace(plain, layers=layers)
    found = levers_of(facts, Hardware((ram(8 * GiB),)), Request())
    assert found
    assert not [code for code in found if code.startswith("cache-type")]


def test_what_the_table_holds_is_what_the_lever_buys() -> None:
    facts, hardware = a_model(), Hardware((ram(6 * GiB),))
    planner = LinearPlanner(facts, hardware)
    chosen = largest_row(Request(), facts, planner)
    quantized = Request(cache_type_k="q8_0", cache_type_v="q8_0")
    row = replace(
        largest_row(quantized, facts, planner), n_ctx_max=chosen.n_ctx_max + 5120
    )  # the engine's word
    found = levers(chosen, (chosen, row), Request(), facts, hardware, planner, 4096)
    assert next(lever for lever in found if lever.code == "cache-type-q8_0-q8_0").gain_tokens == 5120
    elsewhere = replace(row, settings=replace(row.settings, n_gpu_layers=3))
    found = levers(chosen, (chosen, elsewhere), Request(), facts, hardware, planner, 4096)
    assert next(lever for lever in found if lever.code == "cache-type-q8_0-q8_0").gain_tokens != 5120


def test_a_more_precise_cache_buys_nothing() -> None:
    request = Request(cache_type_k="q8_0", cache_type_v="q8_0")
    facts, hardware = a_model(), Hardware((ram(6 * GiB),))
    found = levers_of(facts, hardware, request, planner=LinearPlanner(facts, hardware))
    assert "cache-type-f16-f16" not in found
    assert "cache-type-q4_0-q4_0" in found


def test_ollama_has_no_uneven_pair() -> None:
    found = levers_of(read_facts(preset_header("llama-3.1-8b")), CARD, Request(runtime="ollama"))
    assert [code for code in found if code.startswith("cache-type")] == [
        "cache-type-q8_0-q8_0",
        "cache-type-q4_0-q4_0",
    ]
    assert found["cache-type-q8_0-q8_0"].detail.endswith("; set for all models of Ollama")


def test_windows_are_a_lever_where_the_runtime_keeps_the_whole_context() -> None:
    gemma = read_facts(preset_header("gemma-3-12b"))
    request = Request(runtime="llama-cpp-python")
    lever = levers_of(gemma, CARD, request, n_ctx=4096)["window-only"]
    planner = Planner(gemma, CARD)
    before = planner.estimate(resolve(request, gemma, 4096)).total_bytes
    after = planner.estimate(resolve(replace(request, swa_full=False), gemma, 4096)).total_bytes
    assert lever.gain_bytes == before - after > 0
    assert lever.gain_tokens > 0
    assert "window-only" not in levers_of(gemma, CARD, Request(), n_ctx=4096)
    llama = read_facts(preset_header("llama-3.1-8b"))
    assert "window-only" not in levers_of(llama, CARD, request, n_ctx=4096)
