"""How long something takes, here or as a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def python_seconds(*words: str, runs: int = RUNS) -> float:
    """Wall time of a Python with these words, the median of some runs after one that warms the disk."""
    command = [sys.executable, *words]
    times = [
        seconds(lambda: subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL))
        for _ in range(runs + 1)
    ]
    return statistics.median(times[1:])
