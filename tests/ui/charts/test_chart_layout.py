"""Scales, ticks and the cut of curves that leave the chart."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.units import ByteUnits, GiB, KiB, MiB, TiB, spell_bytes_in
from tests.support import answers, proofs
from ui.charts.chart_labels import CurveName, curve_names, spread
from ui.charts.chart_layout import (
    ContextCurves,
    Curve,
    Point,
    Scale,
    budget_is_shown,
    byte_ticks,
    byte_unit,
    bytes_shown,
    clip_above,
    context_ticks,
    contexts_shown,
    tick_words,
    with_measured,
)
from ui.charts.chart_sampling import sampled


def line(name: str, start: int, end: int, n_ctx: int = 32768) -> Curve:
    return Curve(name, (Point(256, start), Point(n_ctx, end)))


def chart(*curves: Curve, budget: int = 8 * GiB, answer: Point | None = None) -> ContextCurves:
    return ContextCurves("GPU", budget, 32768, curves, answer, "f16")


def scale(bytes_max: int = 10 * GiB) -> Scale:
    return Scale(left=50, top=20, width=800, height=400, n_ctx_max=32768, bytes_max=bytes_max)


def test_a_curve_is_straight_between_its_points_and_flat_outside() -> None:
    curve = line("f16", 2 * GiB, 4 * GiB, n_ctx=768)
    assert curve.bytes_at(512) == 3 * GiB
    assert curve.bytes_at(0) == 2 * GiB
    assert curve.bytes_at(10**9) == 4 * GiB


def test_the_scale_goes_there_and_back() -> None:
    s = scale()
    assert s.x(0) == 50
    assert s.x(32768) == s.right == 850
    assert s.y(0) == s.bottom == 420
    assert s.y(10 * GiB) == 20
    assert s.n_ctx_at(s.x(8192)) == 8192
    assert s.bytes_at(s.y(3 * GiB)) == 3 * GiB
    assert s.n_ctx_at(-100) == 0
    assert s.n_ctx_at(10**6) == 32768


def test_the_axis_holds_the_budget_and_curves_may_leave_above_it() -> None:
    data = chart(line("f16", 5 * GiB, 100 * GiB), budget=8 * GiB)
    assert budget_is_shown(data)
    assert 8 * GiB < bytes_shown(data) < 20 * GiB


def test_a_budget_far_above_does_not_press_the_curves_flat() -> None:
    data = chart(line("f16", 300 * MiB, 900 * MiB), budget=20 * GiB)
    assert not budget_is_shown(data)
    assert bytes_shown(data) < 2 * GiB


def test_a_model_far_above_the_budget_is_still_in_the_chart() -> None:
    data = chart(line("f16", 30 * GiB, 31 * GiB), budget=2 * GiB, answer=Point(256, 30 * GiB))
    assert bytes_shown(data) >= 31 * GiB
    assert contexts_shown(data) == 32768


@given(st.integers(1, 4 * TiB))
def test_there_are_few_memory_ticks_and_the_first_is_zero(bytes_max: int) -> None:
    ticks = byte_ticks(bytes_max)
    assert ticks[0] == 0
    assert len(ticks) <= 6
    assert ticks[-1] <= bytes_max


def test_the_memory_axis_counts_in_the_unit_that_fits() -> None:
    assert byte_unit(12 * GiB) == (GiB, "GiB")
    assert byte_unit(900 * MiB) == (MiB, "MiB")
    assert byte_unit(900 * KiB) == (KiB, "KiB")


def test_the_memory_axis_counts_in_thousands_where_sizes_do() -> None:
    spell_bytes_in(ByteUnits.DECIMAL)
    assert byte_unit(12 * GiB) == (10**9, "GB")
    assert byte_unit(10**6) == (1000, "kB")
    assert byte_ticks(12 * 10**9) == tuple(n * 10**9 for n in (0, 5, 10))


def test_contexts_are_named_in_one_unit() -> None:
    assert tick_words(context_ticks(131072)) == ("0", *(f"{n}K" for n in range(16, 129, 16)))
    assert tick_words((0, 512, 1024)) == ("0", "512", "1,024")
    assert tick_words((0, 1048576)) == ("0", "1,024K")


@given(st.integers(256, 16 * 1024 * 1024))
def test_there_are_few_context_ticks(n_ctx_max: int) -> None:
    assert 2 <= len(context_ticks(n_ctx_max)) <= 9


def test_a_curve_is_cut_where_it_leaves() -> None:
    assert clip_above((Point(0, 0), Point(100, 100)), 50) == (Point(0, 0), Point(50, 50))
    assert clip_above((Point(0, 0), Point(100, 40)), 50) == (Point(0, 0), Point(100, 40))
    assert clip_above((Point(0, 60), Point(100, 70)), 50) == ()


def test_names_are_kept_apart_and_inside() -> None:
    close = [CurveName(str(i), 0, 100.0 + i, leaves=False) for i in range(3)]
    apart = spread(close, 15, 0, 400)
    ys = [name.y for name in apart]
    assert [b - a for a, b in itertools.pairwise(ys)] == [pytest.approx(15)] * 2
    at_the_foot = spread([replace(name, y=399.0) for name in close], 15, 0, 400)
    assert at_the_foot[-1].y == pytest.approx(400)
    assert at_the_foot[0].y == pytest.approx(370)


def test_a_name_stands_at_the_end_or_where_its_curve_leaves() -> None:
    data = answers.curves(answers.recommendation())
    s = scale(bytes_shown(data))
    names = {name.text: name for name in curve_names(data, s, 15)}
    assert set(names) == {"f16", "q8_0", "q4_0"}
    assert names["f16"].leaves
    assert names["f16"].x < names["q4_0"].x
    assert not names["q4_0"].leaves


def test_a_straight_line_is_sampled_seldom_and_a_bend_closely() -> None:
    asked: list[int] = []

    def bent(n_ctx: int) -> Point:
        asked.append(n_ctx)
        return Point(n_ctx, GiB + min(n_ctx, 5000) * MiB)

    straight = sampled(lambda n: Point(n, GiB + n * 1024), 256, 131072)
    points = sampled(bent, 256, 131072)
    assert len(straight) == 2 * 8 + 1
    assert len(straight) < len(points) <= 65
    assert len(asked) == len(points)
    curve = Curve("f16", points)
    for n_ctx in (300, 2000, 4000, 7000, 100_000):
        assert curve.bytes_at(n_ctx) == pytest.approx(bent(n_ctx).n_bytes, rel=0.003)


def test_sampling_follows_the_engines_rounding() -> None:
    points = sampled(lambda n: Point(-(-n // 1024) * 1024, n), 256, 4096)
    contexts = [point.n_ctx for point in points]
    assert contexts == sorted(set(contexts))
    assert all(n_ctx % 1024 == 0 for n_ctx in contexts)


def test_a_single_context_is_a_single_point() -> None:
    assert sampled(lambda n: Point(n, 7), 256, 256) == (Point(256, 7),)


def test_only_proofs_of_such_a_load_are_points_of_the_chart() -> None:
    answer = answers.recommendation()
    data, plan = answers.curves(answer), answer.plan
    settings = replace(plan.settings, n_ctx=16384, cache_type_k="f16", cache_type_v="f16")
    peaks = {"CUDA0": 7 * GiB, "CPU": 600 * MiB}
    like = proofs.result(settings=settings, measured_peak_bytes=peaks)
    fewer_layers = proofs.result(settings=replace(settings, n_gpu_layers=20), measured_peak_bytes=peaks)
    not_told = proofs.result(settings=settings, measured_peak_bytes={"CUDA0": None})
    found = with_measured(data, plan, [like, fewer_layers, not_told, like])
    assert found.measured == (Point(16384, 7 * GiB),)
    assert with_measured(replace(data, device_name="another"), plan, [like]).measured == ()
