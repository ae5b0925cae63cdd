from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Note
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.recommend.advise import advise
from advisor.recommend.planner import Planner
from advisor.recommend.result import Goal, Recommendation
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

CHAT = Goal("chat", "Chat", "", 16384, 1, ("f16", "q8_0"))
LONGEST = Goal("longest-context", "Longest", "", None, 1, ("f16", "q8_0", "q4_0"))
TEAM = Goal("several-users", "Team", "", 8192, 4, ("f16",))


def answer(
    usable: int, goal: Goal = CHAT, request: Request | None = None, *, on_gpu: int | None = None
) -> Recommendation:
    facts = a_model()
    devices = (ram(usable),) if on_gpu is None else (gpu(on_gpu), ram(usable))
    hardware = Hardware(devices=devices)
    return advise(facts, hardware, goal, request or Request(), LinearPlanner(facts, hardware))


def test_an_impossible_request_is_refused() -> None:
    with pytest.raises(SettingsError):
        answer(16 * GiB, request=Request(n_ubatch=0))


def test_nothing_fits() -> None:
    result = answer(2 * GiB)
    assert (result.n_ctx, result.n_ctx_safe) == (0, 0)
    assert result.plan.verdict is Verdict.DOES_NOT_FIT
    assert result.reasons[0].code == "does-not-fit"
    assert all(row.n_ctx_max == 0 for row in result.alternatives)


def test_the_goals_wish_is_met_with_the_best_cache_type_that_holds_it() -> None:
    result = answer(16 * GiB)
    assert (result.n_ctx, result.settings.cache_type_k) == (16384, "f16")
    assert result.n_ctx_safe == 32768
    assert [reason.code for reason in result.reasons] == ["training-context", "cache-type"]


def test_a_smaller_cache_type_is_taken_only_if_the_wish_needs_it() -> None:
    # 4 GiB of weights, 256 MiB of compute: 1.25 GiB are left, 10,240 tokens at f16 and 19,200 at q8_0.
    result = answer(5 * GiB + GiB // 2)
    assert result.settings.cache_type_k == "q8_0"
    assert result.n_ctx == 16384
    f16 = next(row for row in result.alternatives if row.settings.cache_type_k == "f16")
    assert f16.n_ctx_max == 10240
    assert any(lever.code == "cache-type-q4_0-q4_0" and lever.gain_tokens > 0 for lever in result.levers)


def test_the_longest_goal_takes_what_holds_most() -> None:
    result = answer(5 * GiB + GiB // 2, LONGEST)
    assert result.settings.cache_type_k == "q4_0"
    assert result.n_ctx == result.n_ctx_safe == 32768


def test_a_context_in_the_request_takes_the_place_of_the_wish() -> None:
    assert answer(16 * GiB, request=Request(n_ctx=4000)).n_ctx == 4096


def test_a_cache_type_in_the_request_is_kept() -> None:
    result = answer(16 * GiB, request=Request(cache_type_k="q4_0", cache_type_v="q4_0"))
    assert (result.settings.cache_type_k, result.settings.cache_type_v) == ("q4_0", "q4_0")
    assert result.alternatives[0].settings.cache_type_k == "q4_0"


def test_users_are_counted_per_user() -> None:
    result = answer(16 * GiB, TEAM)
    assert (result.settings.n_seq_max, result.settings.n_ctx_per_slot) == (4, 8192)
    assert result.n_ctx == 32768


def test_llama_cpp_python_is_told_to_use_flash_attention_for_a_quantized_v() -> None:
    request = Request(runtime="llama-cpp-python")
    result = answer(5 * GiB + GiB // 2, request=request)
    assert (result.settings.cache_type_v, result.settings.flash_attn) == ("q8_0", "on")
    assert "flash-attention" in [reason.code for reason in result.reasons]
    f16 = next(row for row in result.alternatives if row.settings.cache_type_k == "f16")
    assert f16.settings.flash_attn == "off"


def test_ollama_has_no_uneven_pairs() -> None:
    result = answer(16 * GiB, request=Request(runtime="ollama"))
    assert all(row.settings.cache_type_k == row.settings.cache_type_v for row in result.alternatives)


def test_a_small_gpu_gets_rows_with_layers_on_the_cpu() -> None:
    result = answer(32 * GiB, on_gpu=3 * GiB)
    partial = [row for row in result.alternatives if 0 < row.settings.n_gpu_layers < 33]
    assert partial
    assert all(row.verdict is Verdict.FITS for row in partial)
    assert result.n_ctx > 0
    assert "layers" in [reason.code for reason in result.reasons]


def test_ollamas_own_choice_follows_the_gpu() -> None:
    small = answer(32 * GiB, request=Request(runtime="ollama"), on_gpu=11 * GiB).if_you_change_nothing
    large = answer(32 * GiB, request=Request(runtime="ollama"), on_gpu=23 * GiB).if_you_change_nothing
    assert (small.n_ctx, large.n_ctx) == (4096, 32768)
    assert "4,096" in small.text


@given(st.integers(0, 20 * 1024), st.sampled_from([CHAT, LONGEST]))
def test_every_row_fits_and_its_next_step_does_not(usable_mib: int, goal: Goal) -> None:
    facts = a_model()
    hardware = Hardware(devices=(ram(usable_mib * 2**20),))
    planner = LinearPlanner(facts, hardware)
    result = advise(facts, hardware, goal, Request(), planner)
    for row in result.alternatives:
        if row.n_ctx_max:
            assert planner.estimate(row.settings).fits
        further = row.n_ctx_max + 256
        if further <= facts.n_ctx_train:
            assert not planner.estimate(row.settings.with_n_ctx(further)).fits
    assert result.n_ctx <= result.n_ctx_safe
    if result.n_ctx_safe:
        assert result.n_ctx == min(result.n_ctx_safe, goal.n_ctx or facts.n_ctx_train)


@given(st.integers(0, 16 * 1024), st.integers(0, 4096))
def test_more_memory_never_lowers_a_row(usable_mib: int, more_mib: int) -> None:
    small = answer(usable_mib * 2**20)
    large = answer((usable_mib + more_mib) * 2**20)
    for before, after in zip(small.alternatives, large.alternatives, strict=True):
        assert after.n_ctx_max >= before.n_ctx_max


class LimitedPlanner(LinearPlanner):
    """Its GPU cannot work on more cells than these, whatever memory there is; the formula does not know."""

    most = 0

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        plan = super().plan(settings)
        if settings.n_ctx <= self.most:
            return plan
        note = Note(DEVICE_LIMIT, "It cannot.")
        return replace(plan, verdict=Verdict.DOES_NOT_FIT, notes=(note,))


@pytest.mark.parametrize(
    ("most", "said"), [(20480, "with more than 20,480 tokens"), (0, "of even 256 tokens")]
)
def test_a_limit_of_the_gpu_is_not_called_a_want_of_memory(most: int, said: str) -> None:
    facts = a_model()
    hardware = Hardware(devices=(gpu(24 * GiB), ram(32 * GiB)))
    planner = LimitedPlanner(facts, hardware)
    planner.most = most
    result = advise(facts, hardware, LONGEST, Request(), planner)
    assert result.n_ctx_safe == most
    assert result.reasons[0].code == "device-limit"
    assert said in result.reasons[0].text
    assert all(row.at_device_limit for row in result.alternatives)


def test_where_memory_is_the_limit_the_gpu_is_not_blamed() -> None:
    result = answer(16 * GiB, LONGEST, on_gpu=5 * GiB)
    assert result.reasons[0].code == "memory"
    assert not any(row.at_device_limit for row in result.alternatives)


def test_the_rule_of_thumb_is_a_lever_that_costs_tokens() -> None:
    facts = a_model()
    hardware = Hardware(devices=(ram(3 * GiB, reserve_bytes=GiB // 4),))
    result = advise(facts, hardware, LONGEST, Request(), Planner(facts, hardware))
    lever = next(lever for lever in result.levers if lever.code == "reserve-percent")
    assert lever.gain_tokens < 0
    assert f"costs {-lever.gain_tokens:,} tokens" in lever.text
    assert result.levers[-1] is lever  # what costs comes after what buys
