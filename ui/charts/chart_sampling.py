"""Where a curve is computed: densely where it bends, seldom where it is straight. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from ui.charts.chart_layout import Point

_ALWAYS_HALVED = 3  # times, so that a bend cannot hide between two samples: 8 pieces
_AT_MOST_HALVED = 6  # 64 pieces
_STRAIGHT = 0.003  # of the memory: less than a pixel of any chart


def sampled(at: Callable[[int], Point], first: int, last: int) -> tuple[Point, ...]:
    """The curve from `first` to `last` (contexts), halved until it is straight between its points.

    `at` may answer with a context that the engine rounded; points that fall together are given once.
    """
    start, end = at(first), at(last)
    points = {start.n_ctx: start, end.n_ctx: end}
    _halve(at, start, end, points, depth=0)
    return tuple(points[n_ctx] for n_ctx in sorted(points))


def _halve(
    at: Callable[[int], Point], left: Point, right: Point, points: dict[int, Point], depth: int
) -> None:
    middle = (left.n_ctx + right.n_ctx) // 2
    if depth == _AT_MOST_HALVED or middle <= left.n_ctx:
        return
    found = at(middle)
    if found.n_ctx in points:
        return
    points[found.n_ctx] = found
    share = (found.n_ctx - left.n_ctx) / (right.n_ctx - left.n_ctx)
    straight = left.n_bytes + (right.n_bytes - left.n_bytes) * share
    if depth < _ALWAYS_HALVED or abs(found.n_bytes - straight) > _STRAIGHT * found.n_bytes:
        _halve(at, left, found, points, depth + 1)
        _halve(at, found, right, points, depth + 1)
