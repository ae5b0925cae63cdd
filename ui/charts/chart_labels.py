"""Where the names of the curves stand: at their ends, kept apart. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ui.charts.chart_layout import ContextCurves, Scale, clip_above


@dataclass(frozen=True, slots=True)
class CurveName:
    """A name with the point that it belongs to. `leaves` is true where the curve leaves the chart above."""

    text: str
    x: float
    y: float
    leaves: bool


def curve_names(data: ContextCurves, scale: Scale, line_height: float) -> tuple[CurveName, ...]:
    """The names of all curves that can be seen, each beside the end of its curve."""
    names = []
    for curve in data.curves:
        shown = clip_above(curve.points, scale.bytes_max)
        if shown:
            end = shown[-1]
            leaves = end.n_bytes < curve.points[-1].n_bytes
            y, x = scale.y(end.n_bytes), scale.x(end.n_ctx)
            if leaves:
                # Before the line, where it passes the foot of the name.
                y = scale.top + line_height * 0.7
                foot = clip_above(curve.points, scale.bytes_at(y + line_height / 2))
                x = scale.x(foot[-1].n_ctx) if foot else scale.left
            names.append(CurveName(curve.name, x, y, leaves))
    ended = spread([name for name in names if not name.leaves], line_height, scale.top, scale.bottom)
    return (*(name for name in names if name.leaves), *ended)


def spread(names: Sequence[CurveName], distance: float, top: float, bottom: float) -> tuple[CurveName, ...]:
    """The names from top to bottom, moved as little as needed to be `distance` apart, within the chart."""
    placed: list[CurveName] = []
    lowest = top - distance
    for name in sorted(names, key=lambda n: n.y):
        y = max(name.y, lowest + distance)
        placed.append(replace(name, y=y))
        lowest = y
    overlap = lowest - bottom
    for i in range(len(placed) - 1, -1, -1):
        if overlap <= 0:
            break
        placed[i] = replace(placed[i], y=placed[i].y - overlap)
        overlap = 0.0 if i == 0 else placed[i - 1].y + distance - placed[i].y
    return tuple(placed)
