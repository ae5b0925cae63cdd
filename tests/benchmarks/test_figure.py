"""What the table of `make bench` says of a figure."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks import __main__ as bench
from tests.benchmarks.figure import Figure, show_table


def figure(value: float, **bounds: float) -> Figure:
    return Figure("header read", value, "times faster", "a model", **bounds)


@pytest.mark.parametrize(
    ("bounds", "wanted", "is_met"),
    [
        ({}, "", None),
        ({"at_least": 20}, "at least 20 times faster", True),
        ({"at_least": 20.5}, "at least 20.5 times faster", False),
        ({"at_most": 20}, "at most 20 times faster", True),
        ({"at_most": 19}, "at most 19 times faster", False),
        ({"at_least": 1, "at_most": 19}, "at least 1 times faster, at most 19 times faster", False),
    ],
)
def test_a_bound_is_said_and_judged(bounds: dict[str, float], wanted: str, is_met: bool | None) -> None:
    assert (figure(20, **bounds).wanted, figure(20, **bounds).is_met) == (wanted, is_met)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (5, "5"), (12.34, "12.3"), (1234.5, "1,234"), (-0.5, "-0.50")]
)
def test_a_value_has_the_digits_that_matter(value: float, shown: str) -> None:
    assert Figure("growth", value, "MiB", "").shown == f"{shown} MiB"


def test_every_figure_is_a_line_with_its_verdict() -> None:
    out = io.StringIO()
    show_table([figure(30, at_least=20), figure(3, at_least=20), figure(3)], Console(file=out, width=120))
    title, *lines = out.getvalue().splitlines()
    assert title.split() == ["what", "measured", "wanted", "met", "basis"]
    assert ["yes" in lines[0], "NO" in lines[1], "yes" in lines[2] or "NO" in lines[2]] == [True, True, False]
    assert all(line.rstrip().endswith("a model") for line in lines)


def test_a_word_chooses_the_benchmarks_that_hold_it(tmp_path: Path) -> None:
    for name in ("bench_start.py", "bench_library.py", "figure.py"):
        (tmp_path / name).touch()
    assert bench.names(tmp_path, []) == ["bench_library", "bench_start"]
    assert bench.names(tmp_path, ["star", "none"]) == ["bench_start"]


def test_a_name_that_no_benchmark_has_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["no-such"]) == 2
    assert capsys.readouterr().err == "There is no such benchmark.\n"
