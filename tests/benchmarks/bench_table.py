"""The full table of a model, nine cache types with the largest safe context of each: engine and formula.

    python -m tests.benchmarks.bench_table

Against it: what one engine load for every question would take, as `llama-fit-params` answers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.hardware.detect import detect
from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model import ModelFacts, read_model
from advisor.model.presets import preset_header, write_preset
from advisor.recommend.planner import Planner
from advisor.recommend.rows import largest_row, with_cache_types
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve
from advisor.units import GiB

MODELS = (
    "llama-3.2-1b",
    "llama-3.1-8b",
    "llama-3.1-70b",
    "qwen3-30b-a3b",
    "qwen3-next-80b-a3b",
    "mamba2-2.7b",
)
RAM_BYTES = 96 * GiB
FORMULA_PLANS = 200


def rows() -> list[tuple[str, float, float, float, float]]:
    """(model, first plan s, table s, one plan by the engine s, one plan by formula s)."""
    hardware = what_if(detect(), ram_bytes=RAM_BYTES)
    table = []
    with tempfile.TemporaryDirectory() as folder, EngineClient() as client:
        client.hello()
        for name in MODELS:
            path = Path(folder) / f"{name}.gguf"
            write_preset(preset_header(name), path)
            table.append((name, *_figures(read_model(path), hardware, client)))
    return table


def _figures(
    facts: ModelFacts, hardware: Hardware, client: EngineClient
) -> tuple[float, float, float, float]:
    planner = Planner(facts, hardware, client, must_ask_engine=True)
    settings = resolve(Request(n_ctx=4096), facts)
    first = _seconds(lambda: planner.plan(settings))
    whole = _seconds(lambda: [_row(planner, facts, cache_type) for cache_type in CACHE_TYPES])
    one = _seconds(lambda: planner.plan(settings.with_n_ctx(8192)))
    formula = _seconds(lambda: [planner.estimate(settings) for _ in range(FORMULA_PLANS)]) / FORMULA_PLANS
    return first, whole, one, formula


def _row(planner: Planner, facts: ModelFacts, cache_type: str) -> None:
    largest_row(with_cache_types(Request(), cache_type, cache_type), facts, planner)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    print("model                 open+plan     table  one plan   formula  table / one load a question")
    for name, first, whole, one, formula in rows():
        questions = 2 * len(CACHE_TYPES)  # at the least: the answer fits, the next step does not
        ratio = questions * first / whole
        print(
            f"{name:20}{first * 1e3:8.0f} ms{whole * 1e3:7.0f} ms{one * 1e3:7.1f} ms{formula * 1e3:7.2f} ms"
            f"{ratio:14.0f} times faster"
        )


if __name__ == "__main__":
    main()
