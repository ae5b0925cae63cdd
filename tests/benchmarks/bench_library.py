"""Listing 1,000 models: the first time, when every header is read, and again, from the cache.

    python -m tests.benchmarks.bench_library

The models are sparse copies of the headers in tests/data/heads, each a whole process of `models --json`.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.benchmarks.timing import ROOT, environment

HEADS = ROOT / "tests" / "data" / "heads"
N_MODELS = 1000
RUNS = 3


def write_models(folder: Path, n_models: int) -> None:
    """`n_models` files that take no room for their weights."""
    index = json.loads((HEADS / "index.json").read_text())
    heads = {name: gzip.decompress((HEADS / f"{name}.head.gz").read_bytes()) for name in sorted(index)}
    for number in range(n_models):
        name = list(heads)[number % len(heads)]
        path = folder / f"{number:04}-{name}.gguf"
        path.write_bytes(heads[name])
        os.truncate(path, index[name]["file_bytes"])


def seconds(folder: Path, home: Path, *words: str) -> tuple[float, list[dict[str, object]]]:
    """Wall time of one command, and what it listed."""
    places = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA")
    variables = environment() | dict.fromkeys(places, str(home))
    command = [sys.executable, "-m", "advisor", "models", str(folder), "--json", *words]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True)
    return time.perf_counter() - start, json.loads(done.stdout)["models"]


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "models-here", Path(name) / "home"
        folder.mkdir()
        home.mkdir()
        write_models(folder, N_MODELS)
        cold, models = seconds(folder, home)
        warm = min(seconds(folder, home)[0] for _ in range(RUNS))
        other = seconds(folder, home, "--gpu", "RTX 4070")[0]
    answered = sum(model["n_ctx_max"] is not None for model in models)
    print(f"{len(models):,} models, {answered:,} with a largest safe context")
    print(f"{'every header read':32}{cold:8.2f} s")
    print(f"{'from the cache':32}{warm:8.2f} s{cold / warm:8.1f} times the speed")
    print(f"{'from the cache, other hardware':32}{other:8.2f} s{cold / other:8.1f} times the speed")
    basis = f"models --json over {len(models):,} headers, a whole process"
    return [
        Figure("library scan, cold", cold, "s", f"{basis}, every header read", at_most=10),
        Figure("library scan, warm", warm, "s", f"{basis}, from the cache", at_most=2),
        Figure("library scan, warm against cold", cold / warm, "times faster", basis, at_least=3),
    ]


if __name__ == "__main__":
    main()
