"""The formula against what others published: sizes from logs and issues, taken on machines we never saw.

`python -m tests.accuracy.published` prints the table. Every published figure is a row or is left out with
the reason; a row that differs says by which rule of builds, forks or files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TextIO

from advisor.units import MiB, format_tokens
from tests.accuracy.published_points import Figure, Point, read_points, sentence
from tests.accuracy.published_prediction import Prediction

HEADINGS = ("id", "model", "settings", "figure", "published", "formula", "difference", "remark")
KINDS = ("KV cache", "state", "weights", "compute", "output", "total")
_NEAR_SHARE = 0.10
_NEAR_MIB = 2

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
    """One published figure and what the formula says; MiB.

    `rule` names why they differ, or what was added to the plan that they agree; empty for a plain answer.
    """

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

    @property
    def is_near(self) -> bool:
        """Within a tenth or 2 MiB."""
        return abs(self.difference_mib) <= max(_NEAR_SHARE * float(self.published), _NEAR_MIB)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A published figure that cannot be predicted, and why."""

    id: int
    model: str
    part: str
    published: str
    reason: str


@cache
def rows() -> tuple[Row, ...]:
    """All published figures that the facts suffice for, in the data's order."""
    return tuple(row for point in read_points() for row in _rows(point))


@cache
def left_out() -> tuple[LeftOut, ...]:
    """All others, with the reason."""
    return tuple(line for point in read_points() for line in _left_out(point))


def _rows(point: Point) -> Iterator[Row]:
    prediction = Prediction(point) if "model" in point.reading else None
    for figure in point.figures():
        if prediction is None or _reason(point, figure):
            continue
        predicted = prediction.bytes_of(figure) / MiB
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
    for figure in point.figures():
        if reason := _reason(point, figure):
            yield LeftOut(point.id, point.model, figure.name, str(figure.mib), sentence(reason))


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
    published = point.published
    words = [published["backend"] or "", published["llama_cpp_build"] or ""]
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
    return " ".join(filter(None, words))


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
    """Writes `markdown` to a file, to the terminal unless told otherwise."""
    (file or sys.stdout).write(markdown())


def counts() -> list[str]:
    """For each kind of figure, how many there are and how many are exact."""
    found = []
    for kind in KINDS:
        of_kind = [row for row in rows() if row.kind == kind]
        exact = sum(row.is_exact for row in of_kind)
        near = sum(row.is_near for row in of_kind)
        found.append(f"{kind}: {exact} of {len(of_kind)} exact, {near} within 10 % or 2 MiB")
    todays = [row for row in rows() if row.kind == "compute" and row.rule != "older-graph"]
    near = sum(row.is_near for row in todays)
    found.append(f"compute of today's graph: {near} of {len(todays)} within 10 % or 2 MiB")
    n_points = len({row.id for row in rows()})
    found.append(f"{n_points} of {len(read_points())} points compared, {len(left_out())} figures left out")
    return found


def _cells(row: Row) -> list[str]:
    start = [str(row.id), row.model, row.settings, row.part, row.published, f"{row.predicted_mib:.2f}"]
    difference = "exact" if row.is_exact else f"{row.difference_mib:+.2f}"
    return [*start, difference, sentence(row.rule)]


if __name__ == "__main__":
    print_table()
