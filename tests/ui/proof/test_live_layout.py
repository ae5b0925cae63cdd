"""The live curves of a proof: which lines there are, and that they stay in their box."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ui.proof.live_layout import Box, Line, memory_lines, placed, speed_lines, top_of
from ui.session.proof_state import MOST_SAMPLES, Sample, thinned

BOX = Box(10, 5, 200, 50)


def sample(seconds: float, rss: int | None = None, rate: float | None = None, **devices: int) -> Sample:
    return Sample(seconds, rss, devices, rate)


def test_nothing_told_is_nothing_drawn() -> None:
    nothing = [sample(0), sample(1)]
    assert memory_lines(nothing, {}) == ()
    assert speed_lines(nothing) == ()
    assert placed((), BOX) == ()
    assert top_of(()) > 0


def test_each_gpu_has_a_line_and_the_ram_the_last() -> None:
    samples = [sample(0, 10), sample(1, 20, CUDA0=7), sample(2, None, CUDA0=9)]
    lines = memory_lines(samples, {"CUDA0": "GeForce (CUDA0)"})
    assert [line.name for line in lines] == ["GeForce (CUDA0)", "RAM"]
    assert [line.now for line in lines] == [9, 20]
    assert [line.most for line in lines] == [9, 20]
    assert [line.name for line in memory_lines(samples, {})] == ["CUDA0", "RAM"]


def test_speed_is_drawn_only_where_tokens_were_filled() -> None:
    (line,) = speed_lines([sample(0), sample(1, rate=50.0), sample(2, rate=0.0), sample(3, rate=40.0)])
    assert line.points == ((1, 50.0), (3, 40.0))


def test_the_first_is_at_the_start_and_the_last_at_the_end() -> None:
    (corners,) = placed([Line("", ((5.0, 0.0), (10.0, 100.0)))], BOX)
    assert corners[0] == (10, 55)
    assert corners[-1][0] == 210
    (mirrored,) = placed([Line("", ((5.0, 0.0), (10.0, 100.0)))], BOX, right_to_left=True)
    assert mirrored[0][0] == 210
    assert mirrored[-1][0] == 10


def test_one_moment_is_a_level_line() -> None:
    (corners,) = placed([Line("", ((3.0, 8.0),))], BOX)
    assert [x for x, _ in corners] == [10, 210]
    assert corners[0][1] == corners[1][1]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 2.0**45)), min_size=1, max_size=40))
def test_nothing_leaves_the_box(points: list[tuple[float, float]]) -> None:
    line = Line("", tuple(sorted(points)))
    for corners in placed([line], BOX):
        assert all(BOX.left - 1e-6 <= x <= BOX.left + BOX.width + 1e-6 for x, _ in corners)
        assert all(BOX.top - 1e-6 <= y <= BOX.top + BOX.height + 1e-6 for _, y in corners)


def test_samples_are_thinned_with_the_first_and_the_last() -> None:
    samples: tuple[Sample, ...] = ()
    for i in range(5 * MOST_SAMPLES):
        samples = thinned((*samples, sample(i)))
        assert samples[-1].seconds == i
    assert len(samples) <= MOST_SAMPLES
    assert samples[0].seconds == 0
    assert [it.seconds for it in samples] == sorted(it.seconds for it in samples)
