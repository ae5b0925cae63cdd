"""From a cold start to an answer: each command as a whole process, against a Python that does nothing.

python -m tests.benchmarks.bench_start
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.support.gemma import real_gemma

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
NOTHING = ("-c", "pass")
COMMANDS = {
    "inspect": ("inspect",),
    "plan, by formula": ("plan", "--basis", "formula"),
    "plan, by the engine": ("plan", "--basis", "engine"),
    "recommend, by the engine": ("recommend", "--basis", "engine"),
}


def rows(model: Path) -> list[tuple[str, float]]:
    """(command, seconds of wall time), the median of some runs after one that warms the disk."""
    table = [("python -c pass", _seconds(NOTHING))]
    for name, words in COMMANDS.items():
        verb, *options = words
        table.append((name, _seconds(("-m", "advisor", verb, str(model), *options, "--json"))))
    return table


def _seconds(words: tuple[str, ...]) -> float:
    runs = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs[1:])


def main() -> None:
    with real_gemma() as model:
        table = rows(model)
    nothing = table[0][1]
    for name, seconds in table:
        print(f"{name:26}{seconds * 1e3:8.0f} ms{seconds / nothing:8.1f} times a bare start")


if __name__ == "__main__":
    main()
