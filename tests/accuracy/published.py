"""The formula against what others published: sizes from logs and issues, taken on machines we never saw.

`python -m tests.accuracy.published` prints the table. Every published figure is a row or is left out with
the reason; a row that differs says by which rule of builds, forks or files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TextIO

from advisor.memory import kv_cache, recurrent
from advisor.memory.formula import Formula
from advisor.memory.plan import Buffers
from advisor.model.facts import Attention, Layer, Recurrence
from advisor.units import MiB, format_tokens
from tests.accuracy.published_points import Figure, Point, is_host, read_points, sentence

HEADINGS = ("id", "model", "settings", "figure", "published", "formula", "difference", "remark")
KINDS = ("KV cache", "state", "weights", "compute", "output", "total")

_KIND_OF = {
    "kv": "KV cache",
    "kv_parts": "KV cache",
    "kv_detail": "KV cache",
    "kv_plus_rs": "KV cache",
    "kv_mtp": "KV cache",
    "mtp": "KV cache",
    "rs": "state",
    "rs_detail": "state",
    "model": "weights",
    "compute": "compute",
    "output": "output",
    "total": "total",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One published figure and what the formula says; MiB. `rule` is why they differ, or may."""

    id: int
    model: str
    settings: str
    kind: str  # one of KINDS
    part: str  # the figure's name in the data
    published: str  # as printed there
    predicted_mib: float
    difference_mib: float
    is_exact: bool  # equal as printed
    rule: str
    confidence: str
    is_mainline: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A published figure that cannot be predicted; `part` is "all" for a point without any figure."""

    id: int
    model: str
    part: str
    published: str
    reason: str


class _Prediction:
    """What the formula says of one point's load."""

    def __init__(self, point: Point) -> None:
        self._reading = point.reading
        self._facts = point.facts
        self._settings = point.settings
        self._buffers = Formula(self._facts, point.targets).buffers(self._settings)

    def figure(self, path: tuple[str, ...]) -> int:
        """Bytes for one published figure."""
        part, key = path[0], path[-1]
        if part == "kv":
            return self._on(key, lambda b: b.kv_cache_bytes) + self._prediction_within()
        if part == "kv_plus_rs":
            return self._on(key, lambda b: b.kv_cache_bytes + b.recurrent_state_bytes)
        if part in ("kv_parts", "kv_detail"):
            return self._cache_part(path)
        if part in ("kv_mtp", "mtp"):
            return self._prediction_block("f16", "f16")
        if part == "rs":
            return self._copies() * self._on(key, lambda b: b.recurrent_state_bytes)
        if part == "rs_detail":
            return self._copies() * self._state_part(key)
        if part == "model":
            return self._on(key, lambda b: b.weights_bytes)
        if part == "compute":
            return self._on(key, lambda b: b.compute_bytes)
        if part == "output":
            return self._on(key, lambda b: b.output_bytes)
        return sum(buffers.total_bytes for buffers in self._buffers[:-1])

    def _on(self, key: str, size: Callable[[Buffers], int]) -> int:
        """Of the device that a figure names, or of all, or of all GPUs."""
        if key in ("TOTAL", "total", "per_seq"):
            return sum(map(size, self._buffers))
        if key == "GPU_total":
            return sum(map(size, self._buffers[:-1]))
        device = "CPU" if is_host(key) else key.removesuffix("_Mapped")
        return sum(size(buffers) for buffers in self._buffers if buffers.device == device)

    def _cache_part(self, path: tuple[str, ...]) -> int:
        """K or V alone, or the layers with a window, or those without."""
        words = path[-1].split("_") + list(path[1:-1])
        full = {"nonswa", "non"} & set(" ".join(words).split()) or "non_swa" in path
        windowed = not full and "swa" in words
        side = path[-1] if path[-1] in ("K", "V") else "both"
        return sum(
            self._layer_cache(layer.attention, side)
            for layer in self._facts.layers
            if layer.attention and ((not full and not windowed) or bool(layer.attention.window) == windowed)
        )

    def _layer_cache(self, attention: Attention, side: str) -> int:
        both = kv_cache.layer_bytes(self._facts, self._settings, attention)
        k = kv_cache.layer_bytes(self._facts, self._settings, replace(attention, keys_only=True))
        return {"both": both, "K": k, "V": both - k}[side]

    def _state_part(self, key: str) -> int:
        """R is the convolution's, S the state itself."""
        return sum(
            recurrent.state_bytes(self._settings, _only(layer.recurrence, key))
            for layer in self._facts.layers
            if layer.recurrence
        )

    def _copies(self) -> int:
        return 1 + int(self._reading.get("n_rs_seq", 0))

    def _prediction_within(self) -> int:
        if self._reading.get("prediction") != "within":
            return 0
        return self._prediction_block(self._settings.cache_type_k, self._settings.cache_type_v)

    def _prediction_block(self, cache_type_k: str, cache_type_v: str) -> int:
        """The cache of one more block with full attention, which is what a prediction block keeps."""
        attention = next(layer.attention for layer in self._facts.layers if _is_full(layer))
        settings = replace(self._settings, cache_type_k=cache_type_k, cache_type_v=cache_type_v)
        return kv_cache.layer_bytes(self._facts, settings, attention) if attention else 0


def _is_full(layer: Layer) -> bool:
    return layer.attention is not None and not layer.attention.window


def _only(recurrence: Recurrence, key: str) -> Recurrence:
    if key == "R":
        return replace(recurrence, state_elements=0)
    return replace(recurrence, conv_elements=0)


@cache
def rows() -> tuple[Row, ...]:
    """All published figures that the facts suffice for, in the data's order."""
    return tuple(row for point in read_points() for row in _rows(point))


@cache
def left_out() -> tuple[LeftOut, ...]:
    """All others, with the reason."""
    return tuple(line for point in read_points() for line in _left_out(point))


def _rows(point: Point) -> Iterator[Row]:
    prediction = _Prediction(point) if "model" in point.reading else None
    for figure in point.figures():
        if prediction is None or _reason(point, figure):
            continue
        predicted = prediction.figure(figure.path) / MiB
        published = figure.printed(float(figure.mib))
        yield Row(
            id=point.id,
            model=point.model,
            settings=_short(point),
            kind=_KIND_OF[figure.path[0]],
            part=figure.name,
            published=published,
            predicted_mib=predicted,
            difference_mib=predicted - float(figure.mib),
            is_exact=figure.printed(predicted) == published,
            rule=point.rule("rules", figure),
            confidence=point.published["confidence"],
            is_mainline=point.is_mainline,
        )


def _left_out(point: Point) -> Iterator[LeftOut]:
    figures = list(point.figures())
    for figure in figures:
        if reason := _reason(point, figure):
            yield LeftOut(point.id, point.model, figure.name, str(figure.mib), sentence(reason))
    if not figures:
        yield LeftOut(point.id, point.model, "all", "", "It gives no figure.")


def _reason(point: Point, figure: Figure) -> str:
    """Why a figure is left out; empty where it is not."""
    if reason := point.rule("left_out", figure):
        return reason
    if "model" not in point.reading:
        return "no-shape"
    if figure.path[0] not in _KIND_OF:
        return "beside-the-model"
    return "driver-total" if figure.name == "total" and not point.reading.get("total") else ""


def _short(point: Point) -> str:
    """The settings in a few words; what the source does not say is not said here."""
    published, words = point.published, []
    if published["n_ctx"]:
        words.append(f"-c {format_tokens(published['n_ctx'])}")
    if published["n_ubatch"]:
        words.append(f"-ub {published['n_ubatch']}")
    if published["n_seq_max"]:
        words.append(f"-np {published['n_seq_max']}")
    if published["type_k"]:
        words.append(published["type_k"])
    if published["flash_attn"] is not None:
        words.append("fa" if published["flash_attn"] else "no fa")
    return " ".join(words)


def markdown() -> str:
    """Both tables and the counts, for the docs."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows()]
    lines += ["", *(f"- {text}" for text in counts()), ""]
    lines += ["| id | model | figure | published | left out because |", "|" + " --- |" * 5]
    lines += [
        f"| {line.id} | {line.model} | {line.part} | {line.published} | {line.reason} |"
        for line in left_out()
    ]
    return "\n".join(lines) + "\n"


def print_table(file: TextIO | None = None) -> None:
    """The same in plain text, to the terminal unless told otherwise."""
    (file or sys.stdout).write(markdown())


def counts() -> list[str]:
    """For each kind of figure, how many there are and how many are exact."""
    found = []
    for kind in KINDS:
        of_kind = [row for row in rows() if row.kind == kind]
        exact = sum(row.is_exact for row in of_kind)
        near = sum(abs(row.difference_mib) <= max(2, float(row.published) / 10) for row in of_kind)
        found.append(f"{kind}: {exact} of {len(of_kind)} exact, {near} within 10 % or 2 MiB")
    n_points = len({row.id for row in rows()})
    found.append(f"{n_points} of {len(read_points())} points compared, {len(left_out())} figures left out")
    return found


def _cells(row: Row) -> list[str]:
    start = [str(row.id), row.model, row.settings, row.part, row.published, f"{row.predicted_mib:.2f}"]
    if row.is_exact:
        return [*start, "exact", ""]
    return [*start, f"{row.difference_mib:+.2f}", sentence(row.rule)]


if __name__ == "__main__":
    print_table()
