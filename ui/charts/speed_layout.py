"""The second view of the chart: tokens per second against depth. No Qt: pixels are plain floats."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from advisor.basis import Basis
from advisor.engine.proof import SpeedPoint
from advisor.probe.result import ProbeResult
from advisor.recommend.result import DecodeSpeed, Speed
from advisor.settings.load_settings import LoadSettings

from ui.charts.chart_layout import alike

_HEADROOM = 1.12


@dataclass(frozen=True, slots=True)
class SpeedCurve:
    """How fast one slot writes at each depth, as a range where it is estimated."""

    points: tuple[DecodeSpeed, ...]
    basis: Basis
    measured: tuple[DecodeSpeed, ...] = ()  # what the last proof measured

    @property
    def deepest(self) -> int:
        return self.points[-1].depth

    @property
    def is_range(self) -> bool:
        return any(point.high is not None for point in self.points)

    def at(self, depth: int) -> DecodeSpeed:
        """The speed at `depth`, straight between the two nearest points."""
        depths = [point.depth for point in self.points]
        right = min(max(bisect_left(depths, depth), 1), len(depths) - 1)
        a, b = self.points[right - 1], self.points[right]
        share = min(max((depth - a.depth) / (b.depth - a.depth), 0.0), 1.0)
        low = a.tokens_per_second + (b.tokens_per_second - a.tokens_per_second) * share
        if a.high is None or b.high is None:
            return DecodeSpeed(depth, low)
        return DecodeSpeed(depth, low, a.high + (b.high - a.high) * share)


def speed_curve(speed: Speed | None, measured: Iterable[SpeedPoint] = ()) -> SpeedCurve | None:
    """None where nothing is known, or where one depth is all there is."""
    points = {point.depth: point for point in speed.decode} if speed else {}
    if speed is None or len(points) < 2:
        return None
    seen = tuple(
        DecodeSpeed(point.depth, point.decode_tokens_per_second)
        for point in measured
        if point.decode_tokens_per_second
    )
    return SpeedCurve(tuple(points[depth] for depth in sorted(points)), speed.basis, seen)


def last_speed(results: Iterable[ProbeResult], settings: LoadSettings) -> tuple[SpeedPoint, ...]:
    """What the newest proof of such a load measured, at whatever context. `results` are newest first."""
    types = settings.cache_type_k, settings.cache_type_v
    for result in results:
        seen = result.settings
        if alike(seen, settings) and (seen.cache_type_k, seen.cache_type_v) == types:
            return result.speed
    return ()


def rates_shown(curve: SpeedCurve) -> int:
    """The top of the axis, in whole tokens per second."""
    highest = max(point.high or point.tokens_per_second for point in (*curve.points, *curve.measured))
    return max(1, math.ceil(highest * _HEADROOM))
