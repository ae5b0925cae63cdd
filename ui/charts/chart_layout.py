"""The context chart's data, scales and ticks. No Qt: pixels are plain floats."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from advisor.memory.plan import MemoryPlan
from advisor.probe.result import ProbeResult
from advisor.settings.load_settings import LoadSettings
from advisor.units import ByteUnits, KiB, byte_units, unit_sizes

# The budget is drawn as a line only where it does not press the curves flat against the axis.
_FARTHEST_BUDGET = 4.0
_SHAPE_OF_CURVES = (
    *("runtime", "n_gpu_layers", "n_cpu_moe", "n_seq_max", "kv_unified"),
    *("offload_kqv", "swa_full", "override_tensor", "devices"),
)
_HEADROOM = 1.15  # of empty chart above the highest thing that matters


@dataclass(frozen=True, slots=True)
class Point:
    n_ctx: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Memory on one device against context for one cache type."""

    name: str
    points: tuple[Point, ...]

    def bytes_at(self, n_ctx: int) -> int:
        """The memory at `n_ctx`, straight between the two nearest points."""
        contexts = [point.n_ctx for point in self.points]
        right = min(max(bisect_left(contexts, n_ctx), 1), len(contexts) - 1)
        a, b = self.points[right - 1], self.points[right]
        share = (n_ctx - a.n_ctx) / (b.n_ctx - a.n_ctx)
        return round(a.n_bytes + (b.n_bytes - a.n_bytes) * min(max(share, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class ContextCurves:
    """Everything that the chart draws. `answer` lies on the curve named `answer_name`, and `other`, where two
    are compared, on `other_name`."""

    device_name: str
    budget_bytes: int
    n_ctx_train: int
    curves: tuple[Curve, ...]
    answer: Point | None
    answer_name: str
    measured: tuple[Point, ...] = ()  # what proofs of the same settings measured, whatever their cache types
    other: Point | None = None
    other_name: str = ""


def with_measured(data: ContextCurves, plan: MemoryPlan, results: Iterable[ProbeResult]) -> ContextCurves:
    """The same curves with what proofs of such a load measured on their device."""
    line = next((line for line in plan.memory if line.device_name == data.device_name), None)
    if line is None:
        return data
    found = {
        Point(result.settings.n_ctx, n_bytes)
        for result in results
        if (n_bytes := result.measured_peak_bytes.get(line.device)) and alike(result.settings, plan.settings)
    }
    return replace(data, measured=tuple(sorted(found, key=lambda point: (point.n_ctx, point.n_bytes))))


def alike(one: LoadSettings, other: LoadSettings) -> bool:
    """Whether two loads lie on the same curves: in all but the context, the cache types and the batch."""
    return all(getattr(one, name) == getattr(other, name) for name in _SHAPE_OF_CURVES)


def marked(data: ContextCurves, plan: MemoryPlan) -> ContextCurves:
    """The same curves with that plan as the marked point, on the device that they are of."""
    line = next((line for line in plan.memory if line.device_name == data.device_name), None)
    if line is None:
        return data
    k, v = plan.settings.cache_type_k, plan.settings.cache_type_v
    answer = Point(plan.settings.n_ctx, line.total_bytes)
    return replace(data, answer=answer, answer_name=k if k == v else f"{k} / {v}")


@dataclass(frozen=True, slots=True)
class Scale:
    """From tokens and bytes to pixels and back. Context runs from 0, memory from 0."""

    left: float
    top: float
    width: float
    height: float
    n_ctx_max: int
    bytes_max: int

    def x(self, n_ctx: float) -> float:
        return self.left + self.width * n_ctx / self.n_ctx_max

    def y(self, n_bytes: float) -> float:
        return self.top + self.height * (1 - n_bytes / self.bytes_max)

    def n_ctx_at(self, x: float) -> int:
        """The context under a pixel, kept within the chart."""
        share = min(max((x - self.left) / self.width, 0.0), 1.0)
        return round(share * self.n_ctx_max)

    def bytes_at(self, y: float) -> int:
        return round((1 - (y - self.top) / self.height) * self.bytes_max)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


def bytes_shown(data: ContextCurves) -> int:
    """The top of the memory axis.

    Where curves pass the budget they may leave the chart not far above it; where the budget lies far
    above them all, the axis follows the curves and the budget is only named.
    """
    highest = max(point.n_bytes for curve in data.curves for point in curve.points)
    if data.budget_bytes > highest * _FARTHEST_BUDGET:
        return round(highest * _HEADROOM)
    wanted = max(data.budget_bytes, data.answer.n_bytes if data.answer else 0, highest)
    lowest_start = min(curve.points[0].n_bytes for curve in data.curves)
    limit = max(data.budget_bytes * 1.6, lowest_start * 1.4)
    return round(min(wanted, limit) * _HEADROOM)


def budget_is_shown(data: ContextCurves) -> bool:
    return data.budget_bytes <= bytes_shown(data)


def contexts_shown(data: ContextCurves) -> int:
    return max(point.n_ctx for curve in data.curves for point in curve.points)


def byte_ticks(bytes_max: int, most: int = 5) -> tuple[int, ...]:
    """Round sizes from 0 up to `bytes_max`, at most `most` steps: powers of two, of GB 1, 2 or 5 of them."""
    if byte_units() is ByteUnits.DECIMAL:
        return decimal_ticks(bytes_max, most)
    step = KiB
    while bytes_max / step > most:
        step *= 2
    return tuple(range(0, bytes_max + 1, step))


def decimal_ticks(top: int, most: int = 5) -> tuple[int, ...]:
    """Round numbers from 0 up to `top`, in steps of 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if top / step <= most:
                return tuple(range(0, top + 1, step))
        power *= 10


def byte_unit(bytes_max: int) -> tuple[int, str]:
    """The unit of the memory axis: its size in bytes and its name."""
    _huge, *units = unit_sizes()
    return next(((size, name) for name, size in units if bytes_max >= 2 * size), units[-1][::-1])


def context_ticks(n_ctx_max: int, most: int = 8) -> tuple[int, ...]:
    """Contexts to name on the axis: multiples of a power of two, from 0."""
    step = 256
    while n_ctx_max / step > most:
        step *= 2
    return tuple(range(0, n_ctx_max + 1, step))


def tick_words(ticks: Sequence[int]) -> tuple[str, ...]:
    """The contexts of an axis, all in the same unit: ("0", "16K", "32K"), ("0", "512", "1,024")."""
    in_k = all(n_ctx % KiB == 0 for n_ctx in ticks)
    return tuple(f"{n_ctx // KiB:,}K" if in_k and n_ctx else f"{n_ctx:,}" for n_ctx in ticks)


def clip_above(points: Sequence[Point], bytes_max: int) -> tuple[Point, ...]:
    """The part of a curve that lies below `bytes_max`, ending on the edge where it leaves."""
    kept: list[Point] = []
    for point in points:
        if point.n_bytes <= bytes_max:
            kept.append(point)
            continue
        if kept:
            before = kept[-1]
            share = (bytes_max - before.n_bytes) / (point.n_bytes - before.n_bytes)
            kept.append(Point(round(before.n_ctx + (point.n_ctx - before.n_ctx) * share), bytes_max))
        break
    return tuple(kept)
