"""The speed chart's curve, axis and ticks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.engine.proof import SpeedPoint
from advisor.recommend.result import DecodeSpeed, Speed
from tests.support import answers, proofs
from ui.charts.chart_layout import decimal_ticks
from ui.charts.speed_layout import SpeedCurve, last_speed, rates_shown, speed_curve

RANGE = (DecodeSpeed(0, 50.0, high=90.0), DecodeSpeed(1000, 30.0, high=50.0))


@pytest.mark.parametrize("decode", [(), (DecodeSpeed(0, 50.0),), (DecodeSpeed(0, 5.0), DecodeSpeed(0, 4.0))])
def test_without_two_depths_there_is_no_curve(decode: tuple[DecodeSpeed, ...]) -> None:
    assert speed_curve(None) is None
    assert speed_curve(Speed(None, decode, None, Basis.ASSUMED)) is None


def test_the_curve_is_straight_between_its_points_and_keeps_its_range() -> None:
    curve = speed_curve(replace(answers.fast(), decode=RANGE[::-1]))
    assert curve is not None
    assert curve.at(500) == DecodeSpeed(500, 40.0, high=70.0)
    assert curve.at(9999).tokens_per_second == 30.0
    assert curve.is_range
    assert rates_shown(curve) >= 90


def test_a_measured_curve_has_no_band() -> None:
    curve = SpeedCurve((DecodeSpeed(0, 50.0), DecodeSpeed(1000, 30.0)), Basis.MEASURED)
    assert not curve.is_range
    assert curve.at(500) == DecodeSpeed(500, 40.0)


def test_what_a_proof_measured_lies_on_the_axis_of_the_curve() -> None:
    curve = speed_curve(
        replace(answers.fast(), decode=RANGE), (SpeedPoint(0, 900.0, 200.0), SpeedPoint(500, 9.0, None))
    )
    assert curve is not None
    assert curve.measured == (DecodeSpeed(0, 200.0),)
    assert rates_shown(curve) >= 200


def test_the_newest_proof_of_such_a_load_tells_the_speed() -> None:
    newest, before = proofs.result(), proofs.result(speed=(SpeedPoint(0, 1.0, 1.0),))
    other = proofs.result(settings=replace(proofs.SETTINGS, cache_type_v="f16"))
    shown = replace(proofs.SETTINGS, n_ctx=4096)
    assert last_speed([other, newest, before], shown) == newest.speed
    assert last_speed([other], shown) == ()


@given(st.integers(1, 100_000))
def test_there_are_few_round_ticks_from_zero(rate_max: int) -> None:
    ticks = decimal_ticks(rate_max)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] <= rate_max
