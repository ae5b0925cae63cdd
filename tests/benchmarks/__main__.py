"""`make bench`: runs every bench_*.py in this directory, each of which prints what it measured.

With names as arguments only those whose name contains one of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path


def names(directory: Path, wanted: Sequence[str]) -> list[str]:
    """The benchmarks in `directory`, in order of their names."""
    found = sorted(file.stem for file in directory.glob("bench_*.py"))
    return [name for name in found if not wanted or any(word in name for word in wanted)]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks; exit code 2 if none matches."""
    chosen = names(Path(__file__).parent, arguments)
    for name in chosen:
        print(f"\n{name.removeprefix('bench_').replace('_', ' ')}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").main()
    if not chosen:
        print("There is no such benchmark.", file=sys.stderr)
    return 0 if chosen else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
