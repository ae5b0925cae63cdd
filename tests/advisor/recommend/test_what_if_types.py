"""Types that only forks have, on memory that is a straight line."""

from dataclasses import replace

import pytest

from advisor.hardware.device import Hardware
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.planner import Planner
from advisor.recommend.result import WhatIfType
from advisor.recommend.what_if_types import what_if_types
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram

# 1.25 GiB are left for the cache.
COMPUTER = Hardware((ram(5 * GiB + GiB // 2),))


def rows(facts: ModelFacts, request: Request | None = None) -> dict[str, WhatIfType]:
    planner = LinearPlanner(facts, COMPUTER)
    return {row.name: row for row in what_if_types(request or Request(), facts, planner)}


def with_heads_of(length: int) -> ModelFacts:
    plain = a_model()
    layers = tuple(
        replace(layer, attention=replace(layer.attention, key_length=length, value_length=length))
        for layer in plain.layers
        if layer.attention
    )
    return replace(plain, layers=layers)


@pytest.mark.parametrize("runtime", ["ollama", "lm-studio", "llama-cpp-python"])
def test_a_runtime_with_its_own_llama_cpp_has_none(runtime: str) -> None:
    assert rows(a_model(), Request(runtime=runtime)) == {}


def test_blocks_must_divide_the_heads() -> None:
    assert list(rows(with_heads_of(64))) == ["tq3_0"]
    assert list(rows(with_heads_of(80))) == []


def test_what_they_would_hold() -> None:
    # A token of q8_0 keys is 34,816 bytes; 32,768 values in 50 bytes for 128 are 12,800.
    found = rows(a_model())
    assert found["q8_0/turbo3"].bytes_per_token == 34816 + 12800
    assert found["q8_0/turbo3"].n_ctx_max == 28160
    assert found["q8_0/turbo4"].bytes_per_token == 34816 + 16896
    assert found["q8_0/turbo4"].n_ctx_max == 25856
    assert found["tq3_0"].bytes_per_token == 2 * 14336
    assert found["tq3_0"].n_ctx_max == 32768


def test_they_are_marked_and_carry_their_source() -> None:
    for row in rows(a_model()).values():
        assert "not in mainline llama.cpp" in row.note.text
        assert row.fork in row.note.text
        assert "https://github.com/" in str(row.note.values["sources"])


def test_where_nothing_fits_they_hold_nothing() -> None:
    facts = a_model()
    planner = LinearPlanner(facts, Hardware((ram(GiB),)))
    assert {row.n_ctx_max for row in what_if_types(Request(), facts, planner)} == {0}


@pytest.mark.parametrize("name", ["mamba2-2.7b", "deepseek-v2-lite", "deepseek-v3"])
def test_caches_that_are_more_than_keys_and_values_have_none(name: str) -> None:
    facts = read_facts(preset_header(name))
    assert what_if_types(Request(), facts, Planner(facts, COMPUTER)) == ()
