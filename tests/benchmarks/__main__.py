"""`make bench`: runs every bench_*.py in this directory, and ends with one table of all their figures.

With names as arguments only those whose name contains one of them.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.figure import Figure, show_table
from tests.benchmarks.timing import ROOT


def names(directory: Path, wanted: Sequence[str]) -> list[str]:
    """The benchmarks in `directory`, in order of their names."""
    found = sorted(file.stem for file in directory.glob("bench_*.py"))
    return [name for name in found if not wanted or any(word in name for word in wanted)]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks and show the table; exit code 2 if none matches."""
    sys.path.append(str(ROOT / "packaging"))  # as pytest has it; the Vulkan device is found by its set-up
    chosen = names(Path(__file__).parent, arguments)
    figures: list[Figure] = []
    for name in chosen:
        print(f"\n{name.removeprefix('bench_').replace('_', ' ')}", flush=True)
        figures += importlib.import_module(f"tests.benchmarks.{name}").main() or ()
    if not chosen:
        print("There is no such benchmark.", file=sys.stderr)
        return 2
    print()
    show_table(figures)
    print(f"\n{_machine()}")
    return 0


def _machine() -> str:
    """What the times depend on, ratios less so."""
    load = f", {os.getloadavg()[0]:.1f} programs at work on average" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} processors{load} in the last minute"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
