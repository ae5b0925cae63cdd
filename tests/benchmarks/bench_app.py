"""The whole app: from its start to its window and its first answer, and what it takes while nobody uses it.

    python -m tests.benchmarks.bench_app

A process of its own, drawn offscreen unless QT_QPA_PLATFORM says otherwise, against a Python that does
nothing and one that only imports Qt.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from advisor.units import MiB
from tests.benchmarks.figure import Figure
from tests.benchmarks.timing import ROOT, environment, python_seconds
from tests.support.gemma import real_gemma

RUNS = 3
IMPORT_QT = "import PySide6.QtWidgets"


@dataclass(frozen=True, slots=True)
class Run:
    """One life of the app. Seconds are counted from the start of its process."""

    usable_s: float
    answered_s: float
    rss_bytes: int  # of the window
    engine_rss_bytes: int  # of its children
    idle_cpu_percent: float


def main() -> list[Figure]:
    with real_gemma() as model, tempfile.TemporaryDirectory() as home:
        runs = [_run(model, Path(home)) for _ in range(RUNS + 1)][1:]  # the first one warms the disk
    nothing, qt = (python_seconds("-c", program) for program in ("pass", IMPORT_QT))
    usable = statistics.median(run.usable_s for run in runs)
    answered = statistics.median(run.answered_s for run in runs)
    rss = max(run.rss_bytes for run in runs)
    both = max(run.rss_bytes + run.engine_rss_bytes for run in runs)
    idle = statistics.median(run.idle_cpu_percent for run in runs)
    print(f"python -c pass {nothing * 1e3:.0f} ms, {IMPORT_QT} {qt * 1e3:.0f} ms")
    print(f"usable after {usable * 1e3:.0f} ms, the engine's answer after {answered * 1e3:.0f} ms")
    print(
        f"idle: {rss / MiB:.0f} MiB, with the engine's process {both / MiB:.0f} MiB, {idle:.2f} % of a core"
    )
    basis = "the whole program, Gemma 3 270M"
    what = "cold start of the window"
    return [
        Figure(what, usable, "s", f"{basis}, until it is drawn and can be used", at_most=1),
        Figure(what, usable / nothing, "times", "against python -c pass"),
        Figure(what, usable / qt, "times", f"against {IMPORT_QT}", at_most=5),
        Figure("window with the engine's answer", answered, "s", f"{basis}, from its start"),
        Figure("memory of the idle app", rss / MiB, "MiB", f"{basis}, RSS of the window", at_most=250),
        Figure("the same with the engine's process", both / MiB, "MiB", f"{basis}, RSS of both"),
        Figure("idle CPU", idle, "%", f"{basis}, both processes, of one core", at_most=1),
    ]


def _run(model: Path, home: Path) -> Run:
    places = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
    variables = {"QT_QPA_PLATFORM": "offscreen", **environment(), **dict.fromkeys(places, str(home))}
    variables = {name: value for name, value in variables.items() if not name.startswith("XDG_")}
    command = [sys.executable, "-m", "tests.benchmarks.visited_app", str(model)]
    start = time.time()
    done = subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    window, *children = found["rss_bytes"]
    return Run(
        usable_s=found["usable_at"] - start,
        answered_s=found["answered_at"] - start,
        rss_bytes=window,
        engine_rss_bytes=sum(children),
        idle_cpu_percent=found["idle_cpu_percent"],
    )


if __name__ == "__main__":
    main()
