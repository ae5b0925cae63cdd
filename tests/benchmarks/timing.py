"""How long something takes, here or as a process of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


def environment() -> dict[str, str]:
    """The variables of a program as a user starts it: Python keeps what it has compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def python_seconds(*words: str, runs: int = RUNS) -> float:
    """Wall time of a Python with these words, the median of some runs after one that warms the disk."""
    command = [sys.executable, *words]

    def run() -> None:
        subprocess.run(command, cwd=ROOT, env=environment(), check=True, stdout=subprocess.DEVNULL)

    times = [seconds(run) for _ in range(runs + 1)]
    return statistics.median(times[1:])
