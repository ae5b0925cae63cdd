"""The live curves of a proof: what is drawn of its samples, and where. No Qt: pixels are plain floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ui.session.proof_state import Sample

RAM = "RAM"
_HEADROOM = 1.1


@dataclass(frozen=True, slots=True)
class Line:
    """Values over seconds, with a name."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def now(self) -> float:
        return self.points[-1][1]

    @property
    def most(self) -> float:
        return max(value for _, value in self.points)


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    width: float
    height: float


def memory_lines(samples: Sequence[Sample], devices: Mapping[str, str]) -> tuple[Line, ...]:
    """What the process holds in RAM, and what is in use of each GPU; without what nobody told.

    `devices` are their names by ggml's.
    """
    gpus = dict.fromkeys(gpu for sample in samples for gpu in sample.device_bytes)
    found = [
        _line(devices.get(gpu, gpu), [(it.seconds, it.device_bytes.get(gpu)) for it in samples])
        for gpu in gpus
    ]
    found.append(_line(RAM, [(it.seconds, it.rss_bytes) for it in samples]))
    return tuple(line for line in found if line.points)


def speed_lines(samples: Sequence[Sample]) -> tuple[Line, ...]:
    """The tokens of a second, where any were filled."""
    line = _line("", [(it.seconds, it.tokens_per_second or None) for it in samples])
    return (line,) if line.points else ()


def top_of(lines: Sequence[Line]) -> float:
    """The highest value of the axis; more than 0 also where all are."""
    return max((line.most for line in lines), default=0.0) * _HEADROOM or 1.0


def placed(
    lines: Sequence[Line], box: Box, *, right_to_left: bool = False
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The corners of each line within the box: the first sample at its start, the last at its end.

    A line of one point is drawn level, as what is known of it.
    """
    if not lines:
        return ()
    first = min(line.points[0][0] for line in lines)
    last = max(line.points[-1][0] for line in lines)
    top = top_of(lines)

    def x(seconds: float) -> float:
        share = (seconds - first) / (last - first) if last > first else 1.0
        return box.left + box.width * (1 - share if right_to_left else share)

    def y(value: float) -> float:
        return box.top + box.height * (1 - value / top)

    found = []
    for line in lines:
        corners = [(x(seconds), y(value)) for seconds, value in line.points]
        if len(corners) == 1:
            corners.insert(0, (box.left, corners[0][1]))
        found.append(tuple(corners))
    return tuple(found)


def _line(name: str, told: Sequence[tuple[float, float | None]]) -> Line:
    return Line(name, tuple((seconds, float(value)) for seconds, value in told if value is not None))
