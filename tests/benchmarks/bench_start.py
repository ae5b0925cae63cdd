"""From a cold start to an answer: each command as a whole process, against a Python that does nothing.

python -m tests.benchmarks.bench_start
"""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.benchmarks.timing import python_seconds
from tests.support.gemma import real_gemma

NOTHING = ("-c", "pass")
COMMANDS = {
    "inspect": ("inspect",),
    "plan by formula": ("plan", "--basis", "formula"),
    "plan by the engine": ("plan", "--basis", "engine"),
    "recommend by the engine": ("recommend", "--basis", "engine"),
}


def rows(model: Path) -> list[tuple[str, float]]:
    """(command, seconds of wall time), the median of some runs after one that warms the disk."""
    table = [("python -c pass", python_seconds(*NOTHING))]
    for name, words in COMMANDS.items():
        verb, *options = words
        table.append((name, python_seconds("-m", "advisor", verb, str(model), *options, "--json")))
    return table


def main() -> list[Figure]:
    with real_gemma() as model:
        table = rows(model)
    nothing = table[0][1]
    for name, seconds in table:
        print(f"{name:26}{seconds * 1e3:8.0f} ms{seconds / nothing:8.1f} times a bare start")
    return [figure for name, seconds in table[1:] for figure in _figures(name, seconds, nothing)]


def _figures(name: str, seconds: float, nothing: float) -> tuple[Figure, Figure]:
    what = f"cold start of {name}"
    return (
        Figure(what, seconds * 1e3, "ms", "a whole process, Gemma 3 270M", at_most=1000),
        Figure(what, seconds / nothing, "times", "against python -c pass"),
    )


if __name__ == "__main__":
    main()
