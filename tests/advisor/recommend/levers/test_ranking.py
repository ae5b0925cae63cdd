"""All levers together, on memory that is a straight line: golden figures, order, what is left out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.recommend.levers import levers
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import LinearPlanner, a_model, gpu, ram

F16 = Request(cache_type_k="f16", cache_type_v="f16")


def of_ram(usable_bytes: int, request: Request = F16, n_ctx: int | None = None) -> dict[str, str]:
    facts, hardware = a_model(), Hardware((ram(usable_bytes),))
    planner = LinearPlanner(facts, hardware)
    return {
        code: lever.text
        for code, lever in levers_of(facts, hardware, request, planner=planner, n_ctx=n_ctx).items()
    }


def test_an_impossible_request_is_refused() -> None:
    with pytest.raises(SettingsError):
        of_ram(16 * GiB, Request(n_ubatch=0))


def test_golden_sentences() -> None:
    # 4 GiB of weights, 256 MiB of compute and 128 KiB of f16 cache a token: 1.25 GiB are left, 10,240 tokens.
    assert of_ram(5 * GiB + GiB // 2) == {
        "cache-type-q4_0-q4_0": "q4_0 KV cache: +22,528 tokens, frees 920.0 MiB, may lose precision, more "
        "so in long contexts; sources differ",
        "cache-type-q8_0-q4_0": "q8_0/q4_0 KV cache: +14,848 tokens, frees 760.0 MiB, K kept at 8 bits, "
        "which matters more; V may lose precision",
        "cache-type-q8_0-q8_0": "q8_0 KV cache: +8,960 tokens, frees 600.0 MiB, usually no loss that anyone "
        "notices",
        "close-others": "Close other programs: +8,192 tokens, frees 1.0 GiB, at most",
        "ubatch": "ubatch 256: +1,024 tokens, frees 128.0 MiB, prompts are read more slowly",
        "reserve-percent": "Leave 25 % of the memory free, as a rule of thumb says: costs 1,024 tokens",
    }


def test_what_costs_little_comes_first_then_what_buys_most_and_what_only_costs_last() -> None:
    assert list(of_ram(5 * GiB + GiB // 2)) == [
        "cache-type-q8_0-q8_0",
        "close-others",
        "cache-type-q4_0-q4_0",
        "cache-type-q8_0-q4_0",
        "ubatch",
        "reserve-percent",
    ]


def test_of_levers_that_reach_the_same_the_gentlest_comes_first() -> None:
    # 7.5 GiB hold 26,624 tokens at f16: all these reach the trained 32,768.
    found = list(of_ram(7 * GiB + GiB // 2))
    assert found[:4] == [
        "cache-type-q8_0-q8_0",
        "close-others",
        "cache-type-q8_0-q4_0",
        "cache-type-q4_0-q4_0",
    ]


def test_where_the_training_context_fits_levers_free_memory_only() -> None:
    found = of_ram(16 * GiB, n_ctx=16384)
    assert list(found) == [
        "cache-type-q8_0-q8_0",
        "cache-type-q4_0-q4_0",
        "cache-type-q8_0-q4_0",
        "ubatch",
    ]
    assert found["cache-type-q8_0-q8_0"].startswith("q8_0 KV cache: frees 960.0 MiB")


def test_where_nothing_fits_only_what_changes_that_is_shown() -> None:
    # Without a token of cache 4.25 GiB are needed.
    found = of_ram(4 * GiB + GiB // 5)
    assert list(found) == ["close-others", "ubatch"]
    assert found["ubatch"] == "ubatch 256: then 512 tokens fit, prompts are read more slowly"
    assert found["close-others"].startswith("Close other programs: then 7,680 tokens fit")


def test_nothing_worth_a_line_is_shown() -> None:
    facts, hardware = a_model(n_ctx_train=256), Hardware((ram(64 * GiB),))
    planner = LinearPlanner(facts, hardware, weights_bytes=15 * GiB)
    assert list(levers_of(facts, hardware, replace(F16, n_ubatch=256), planner=planner)) == []


def test_more_memory_helps_no_gpu_at_a_limit_of_its_own() -> None:
    facts, hardware = a_model(), Hardware((gpu(5 * GiB + GiB // 2), ram(32 * GiB)))
    planner = LinearPlanner(facts, hardware)
    chosen = largest_row(F16, facts, planner)
    limited = replace(chosen, at_device_limit=True)
    free = {lever.code for lever in levers(chosen, (), F16, facts, hardware, planner, 4096)}
    found = {lever.code: lever for lever in levers(limited, (), F16, facts, hardware, planner, 4096)}
    assert "layers-on-cpu" in free - set(found)
    assert all(lever.gain_tokens <= 0 for lever in found.values())


def test_levers_do_not_ask_the_engine() -> None:
    facts, hardware = a_model(), Hardware((gpu(5 * GiB + GiB // 2), ram(32 * GiB)))
    planner = LinearPlanner(facts, hardware)
    chosen = largest_row(F16, facts, planner)
    planner.asked.clear()
    assert levers(chosen, (chosen,), F16, facts, hardware, planner, 4096)
    assert planner.asked == []


@given(st.integers(4 * 1024, 20 * 1024), st.sampled_from([F16, replace(F16, users=4)]))
def test_each_lever_says_itself_whole(usable_mib: int, request_: Request) -> None:
    facts, hardware = a_model(), Hardware((ram(usable_mib * 2**20),))
    planner = LinearPlanner(facts, hardware)
    costs = [False]
    for lever in levers_of(facts, hardware, request_, planner=planner).values():
        assert lever.text.startswith(f"{lever.title}: ")
        assert lever.text.endswith(lever.detail)
        assert lever.gain_tokens or lever.gain_bytes
        costs.append(lever.gain_tokens < 0 or (lever.gain_tokens == 0 and lever.gain_bytes < 0))
    assert costs == sorted(costs)
