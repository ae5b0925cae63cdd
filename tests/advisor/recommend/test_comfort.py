from dataclasses import replace
from math import sqrt

import pytest

from advisor.basis import Basis
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts, Role, Weight
from advisor.recommend.advise import advise
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import Goal, Patience, Recommendation
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

CARD = 504_000_000_000
WEIGHTS = 4_096_000_000
KV_PER_TOKEN = 131_072
MATRIX = (8000, 10_000)  # 160 million operations for a token, 5.12 thousand million in all 32


def facts() -> ModelFacts:
    weights = tuple(
        Weight(f"blk.{i}.attn_q.weight", Role.LAYER, i, MATRIX, 1, WEIGHTS // 32) for i in range(32)
    )
    return replace(a_model(), weights=weights)


def answer(
    tokens_per_second: float | None,
    *,
    request: Request | None = None,
    users: int = 1,
    bandwidth: int | None = CARD,
    on_gpu: bool = True,
    prefill: int | None = None,
    calibration: Calibration = NOTHING_LEARNED,
) -> Recommendation:
    patience = Patience(30, tokens_per_second) if tokens_per_second else None
    goal = Goal("longest", "Longest", "", None if users == 1 else 16384, users, ("f16",), patience)
    card = replace(
        gpu(24 * GiB),
        bandwidth_bytes_per_second=bandwidth,
        prefill_flops_per_second=prefill and (prefill, prefill),
    )
    hardware = Hardware((card, ram(24 * GiB)) if on_gpu else (ram(24 * GiB),))
    planner = LinearPlanner(facts(), hardware)
    return advise(facts(), hardware, goal, request or Request(), planner, calibration=calibration)


def codes(found: Recommendation) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_nothing_is_said_of_an_unknown_speed() -> None:
    found = answer(5, bandwidth=None)
    assert found.n_ctx_comfortable is None
    assert found.n_ctx == found.n_ctx_safe == 32768
    assert (found.speed.decode, found.speed.basis) == ((), Basis.ASSUMED)
    assert not {"slow", "comfortable", "cache-read", "ram-speed-assumed"} & set(codes(found))


def test_patience_bounds_the_context() -> None:
    # 40 tokens/s at half of 504 GB/s: 6.3 GB a token, 2.204 GB of it cache: 16,815 tokens, 65 steps of 256.
    found = answer(40)
    assert found.n_ctx_comfortable == found.n_ctx == 16640
    assert found.n_ctx_safe == 32768
    assert found.plan.settings.n_ctx == 16640
    assert found.reasons[0].code == "comfortable"
    assert found.reasons[0].text.startswith("Fits 32,768, comfortable to 16,640")


def test_the_wait_for_the_first_token_bounds_the_context() -> None:
    # From 60 to 135 % of 3 * 10^12 operations a second, in the middle 90 %, for 30 s: 8.1 * 10^13. A token
    # takes 5.12 * 10^9 and 1,048,576 for each before it, so n of them 5.12 * 10^9 n + 524,288 n^2: 8,475
    # tokens, 33 steps of 256.
    found = answer(5, prefill=3_000_000_000_000)
    assert found.n_ctx_comfortable == found.n_ctx == 8448
    assert (
        found.reasons[0].text
        == "Fits 32,768, comfortable to 8,448: a longer prompt may take more than 30 s to read."
    )
    speed = found.speed
    assert speed.time_to_first_token_s is not None
    assert speed.time_to_first_token_low_s is not None
    assert 28 < sqrt(speed.time_to_first_token_s * speed.time_to_first_token_low_s) <= 30
    assert speed.time_to_first_token_low_s == pytest.approx(speed.time_to_first_token_s * 0.6 / 1.35)
    assert speed.prefill_tokens_per_second == pytest.approx(8448 / speed.time_to_first_token_s)
    assert speed.prefill_high == pytest.approx(8448 / speed.time_to_first_token_low_s)


def test_a_prompt_of_one_step_that_takes_too_long() -> None:
    found = answer(5, prefill=10_000_000_000)
    assert (found.n_ctx, found.n_ctx_comfortable) == (32768, None)
    assert found.reasons[0].code == "slow"
    assert "may take longer to read than the 30 s" in found.reasons[0].text


def test_a_processor_that_is_not_known_does_not_bound_the_context() -> None:
    found = answer(2, on_gpu=False)
    assert found.n_ctx_comfortable is None
    assert found.speed.time_to_first_token_s is not None
    assert found.speed.time_to_first_token_s > 30


def test_what_was_measured_is_told_as_such_and_may_bound_the_context() -> None:
    learned = Calibration(decode_share={"ram": 1.0}, prefill_flops_per_second={"ram": 3e12}, n_probes=1)
    found = answer(2, on_gpu=False, calibration=learned)
    assert found.speed.basis is Basis.MEASURED
    # 99 % of 3 * 10^12 for 30 s: 8.95 * 10^13, 9,059 tokens, 35 steps of 256.
    assert found.n_ctx_comfortable == found.n_ctx == 8960
    assert "ram-speed-assumed" not in codes(found)
    assert found.speed.decode[0].high == pytest.approx(found.speed.decode[0].tokens_per_second * 1.1 / 0.9)


def test_the_speed_is_told_at_each_quarter_of_the_answer() -> None:
    points = answer(40).speed.decode
    assert [point.depth for point in points] == [0, 4160, 8320, 12480, 16640]
    full = CARD / (WEIGHTS + 16640 * KV_PER_TOKEN)
    assert points[-1].tokens_per_second == pytest.approx(full * 0.5)
    assert points[-1].high == pytest.approx(full * 0.85)


def test_what_each_token_reads_is_told() -> None:
    note = next(reason for reason in answer(40).reasons if reason.code == "cache-read")
    assert note.text == "At 16,640 tokens each new token reads 2.0 GiB of cache, beside 3.8 GiB of weights."


def test_a_patient_goal_gets_what_fits() -> None:
    found = answer(5)
    assert found.n_ctx == found.n_ctx_comfortable == found.n_ctx_safe
    assert "comfortable" not in codes(found)


def test_without_patience_any_speed_will_do() -> None:
    found = answer(None)
    assert (found.n_ctx, found.n_ctx_comfortable) == (32768, None)
    assert not {"slow", "comfortable"} & set(codes(found))
    assert found.speed.decode


def test_a_context_that_was_asked_for_is_kept() -> None:
    found = answer(40, request=Request(n_ctx=20480))
    assert (found.n_ctx, found.n_ctx_comfortable) == (20480, 16640)
    assert found.reasons[0].code == "comfortable"


def test_a_smaller_context_does_not_help_where_the_weights_are_too_slow() -> None:
    found = answer(100)
    assert (found.n_ctx, found.n_ctx_comfortable) == (32768, None)
    assert found.reasons[0].code == "slow"
    assert "62 tokens/s" in found.reasons[0].text


def test_ram_of_unknown_speed_does_not_lower_the_answer() -> None:
    found = answer(2, on_gpu=False)
    assert (found.n_ctx, found.n_ctx_comfortable) == (32768, None)
    assert "ram-speed-assumed" in codes(found)
    assert not {"slow", "comfortable"} & set(codes(found))


def test_comfort_is_every_users() -> None:
    # Four caches of 4,203 tokens: 16 steps of 256 for each.
    found = answer(40, users=4)
    assert found.n_ctx_comfortable == found.n_ctx == 4 * 4096
    assert found.settings.n_ctx_per_slot == 4096
    assert [point.depth for point in found.speed.decode] == [0, 1024, 2048, 3072, 4096]


@pytest.mark.parametrize(("rate", "text"), [(0.4167, "0.42"), (7.53, "7.5"), (9.97, "10"), (84.6, "85")])
def test_a_rate_has_few_digits(rate: float, text: str) -> None:
    assert format_rate(rate) == text
