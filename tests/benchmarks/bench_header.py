"""Reading a model's header: our reader against gguf.GGUFReader, each in a fresh process.

    python -m tests.benchmarks.bench_header [FILE]

Without FILE the Gemma 3 270M of the development extra is put together in a temporary folder.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.support.gemma import real_gemma

# Reader -> what a fresh process imports and runs, and how often: the slow one only once.
READERS = {
    "advisor.gguf.read_header": ("from advisor.gguf import read_header as read", 5),
    "gguf.GGUFReader": ("from gguf import GGUFReader as read", 1),
}
COLUMNS = ("reader", "import ms", "read ms", "peak MiB")

# VmHWM is the peak of this process alone; ru_maxrss would still hold the parent's from before exec.
# Windows has a peak of its own; macOS has none to ask, so there it is the memory at the end.
PROGRAM = """
import pathlib, sys, time

def peak_kib():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0])
    import psutil
    memory = psutil.Process().memory_info()
    return getattr(memory, "peak_wset", memory.rss) // 1024

started = time.perf_counter()
{imports}
imported = time.perf_counter()
header = read(pathlib.Path(sys.argv[1]))
done = time.perf_counter()
print((imported - started) * 1e3, (done - imported) * 1e3, peak_kib() / 1024)
"""


def rows(model: Path) -> list[tuple[str, float, float, float]]:
    """One row a reader, as COLUMNS: medians of the runs; memory is the peak of the whole process."""
    table = []
    for name, (imports, repeats) in READERS.items():
        runs = [_run(imports, model) for _ in range(repeats)]
        medians = [statistics.median(figures) for figures in zip(*runs, strict=True)]
        table.append((name, *medians))
    return table


def main() -> list[Figure]:
    with real_gemma() as model:
        return _show(model)


def _run(imports: str, model: Path) -> list[float]:
    command = [sys.executable, "-c", PROGRAM.format(imports=imports), str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(figure) for figure in done.stdout.split()]


def _show(model: Path) -> list[Figure]:
    table = rows(model)
    print(f"{model.name}, {model.stat().st_size:,} bytes")
    print("{:26}{:>12}{:>12}{:>12}".format(*COLUMNS))
    for row in table:
        print("{:26}{:12.1f}{:12.1f}{:12.1f}".format(*row))
    ours, theirs = table
    basis = f"{model.name}, each reader in a fresh process"
    return [
        Figure("header read", ours[2], "ms", basis),
        Figure(
            "header read against gguf.GGUFReader", theirs[2] / ours[2], "times faster", basis, at_least=100
        ),
        Figure("memory of it against gguf.GGUFReader", theirs[3] / ours[3], "times less", basis, at_least=10),
    ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _show(Path(sys.argv[1]))
    else:
        main()
