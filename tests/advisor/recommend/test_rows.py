"""The promises of the table, on real models of the presets and made-up computers, by formula."""

from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.advise import advise
from advisor.recommend.goals import goal_named, load_goals
from advisor.recommend.planner import Planner
from advisor.recommend.result import Alternative, DecodeSpeed
from advisor.recommend.row import is_dominated, largest_row
from advisor.recommend.search import context_range
from advisor.recommend.steps import steps
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.settings.runtimes import RUNTIMES
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram

MODELS = ("llama-3.2-3b", "llama-3.1-8b", "gemma-3-12b", "qwen3-30b-a3b", "qwen3-next-80b-a3b", "mamba2-2.7b")
CARDS = ("GeForce RTX 4060", "GeForce RTX 4090", "Radeon RX 7800 XT", "GeForce RTX 3060 12GB")
COMPUTERS = st.one_of(
    st.tuples(st.lists(st.sampled_from(CARDS), max_size=2), st.sampled_from((16, 32, 64))),
    st.tuples(st.just(["Apple M4 Max (40-core GPU)"]), st.sampled_from((36, 64))),
)


@cache
def model(name: str) -> ModelFacts:
    return read_facts(preset_header(name))


def computer(gpus: list[str], ram_gib: int) -> Hardware:
    return what_if(Hardware((ram(GiB),)), gpus=tuple(gpus), ram_bytes=ram_gib * GiB)


@given(
    st.sampled_from(MODELS), COMPUTERS, st.sampled_from(list(load_goals())), st.sampled_from(list(RUNTIMES))
)
@settings(max_examples=25, deadline=None)
def test_every_row_is_the_largest_that_fits(
    name: str, there: tuple[list[str], int], goal: str, runtime: str
) -> None:
    facts, hardware, wanted = model(name), computer(*there), goal_named(goal)
    planner = Planner(facts, hardware)
    found = advise(facts, hardware, wanted, Request(runtime=runtime), planner)
    for row in found.alternatives:
        assert row.request is not None
        step, highest = (span := context_range(row.request, facts)).step, span.highest
        if row.n_ctx_max:
            assert resolve(row.request, facts) == row.settings == row.plan.settings
            assert planner.estimate(row.settings).fits
        largest = asked_n_ctx(row.request, row.settings) if row.n_ctx_max else 0
        assert largest == highest or not planner.estimate(resolve(row.request, facts, largest + step)).fits
    assert bool(found.n_ctx) == bool(found.n_ctx_safe)
    assert found.n_ctx <= found.n_ctx_safe
    if found.n_ctx and wanted.users == 1:
        bounds = [found.n_ctx_safe, wanted.n_ctx or facts.n_ctx_train]
        is_assumed = any(reason.code == "ram-speed-assumed" for reason in found.reasons)
        if found.n_ctx_comfortable and not is_assumed:
            bounds.append(max(found.n_ctx_comfortable, 4096))
        assert found.n_ctx == min(bounds) // 256 * 256


@given(st.sampled_from(MODELS), COMPUTERS, st.sampled_from((16, 32)), st.sampled_from(list(RUNTIMES)))
@settings(max_examples=15, deadline=None)
def test_more_memory_never_lowers_a_row(
    name: str, there: tuple[list[str], int], more_gib: int, runtime: str
) -> None:
    facts = model(name)
    gpus, ram_gib = there
    small, large = computer(gpus, ram_gib), computer(gpus, ram_gib + more_gib)
    found = advise(facts, small, goal_named("coding"), Request(runtime=runtime), Planner(facts, small))
    planner = Planner(facts, large)
    for row in found.alternatives:
        assert row.request is not None
        assert largest_row(row.request, facts, planner).n_ctx_max >= row.n_ctx_max


def test_a_row_is_left_out_only_for_one_that_is_as_good_in_everything() -> None:
    facts = a_model()
    planner = LinearPlanner(facts, Hardware((ram(5 * GiB),)))
    row = largest_row(Request(), facts, planner)
    fast = replace(row, speed=(DecodeSpeed(0, 20.0), DecodeSpeed(row.n_ctx_max, 10.0)))
    slow = replace(row, speed=(DecodeSpeed(0, 15.0), DecodeSpeed(row.n_ctx_max, 9.0)))
    assert is_dominated(slow, fast)
    assert not is_dominated(fast, slow)
    assert not is_dominated(_with(slow, n_ctx_max=row.n_ctx_max * 2), fast)
    assert not is_dominated(slow, _with(fast, steps=row.steps + 1))
    coarse = replace(fast, settings=replace(fast.settings, cache_type_k="q8_0", cache_type_v="q4_0"))
    assert not is_dominated(slow, coarse)
    assert is_dominated(replace(coarse, speed=slow.speed), fast)


def _with(row: Alternative, **changes: int) -> Alternative:
    return replace(row, **changes)


def test_ollamas_largest_context_is_that_of_its_highest_band_that_fits() -> None:
    facts = a_model(131072)
    request = Request(runtime="ollama")
    # 1,024 tokens a step of the linear planner's batch take 512 MiB: 32,768 tokens fit with it and, with the
    # batch of 2,048 that follows, none beyond do.
    planner = LinearPlanner(facts, Hardware((ram(9 * GiB),)))
    row = largest_row(request, facts, planner)
    assert (row.n_ctx_max, row.settings.n_ubatch) == (32768, 1024)
    assert row.steps == steps(row.settings, facts) == 1
    # Two questions at the edges of that band, one each in the band above.
    assert len(planner.asked) <= 3


def test_few_questions_are_asked_of_the_engine() -> None:
    facts = a_model(131072)
    planner = LinearPlanner(facts, Hardware((ram(9 * GiB),)))
    advise(facts, Hardware((ram(9 * GiB),)), goal_named("coding"), Request(), planner)
    # Four rows of two each, the answer itself, and the levers.
    assert len(set(planner.asked)) <= 40
