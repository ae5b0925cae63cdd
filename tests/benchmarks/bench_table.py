"""The full table of a model, nine cache types with the largest safe context of each: engine and formula.

    python -m tests.benchmarks.bench_table

Against it: what one engine load for every question would take, as `llama-fit-params` answers.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.hardware.detect import detect
from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model import ModelFacts, read_model
from advisor.model.presets import preset_header, write_preset
from advisor.recommend.cache_pairs import with_cache_types
from advisor.recommend.planner import Planner
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB
from tests.benchmarks.figure import Figure
from tests.benchmarks.timing import seconds
from tests.support.gemma import real_gemma

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
RUNS = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of each. `afresh` is one question to an engine of its own: started, opened, asked, ended."""

    afresh: float
    table: float
    plan: float
    formula: float

    @property
    def ratio(self) -> float:
        """The table against one engine load for every question."""
        # At the least two a cache type: the answer fits, the next step does not.
        return 2 * len(CACHE_TYPES) * self.afresh / self.table


def main() -> list[Figure]:
    hardware = what_if(detect(), ram_bytes=RAM_BYTES)
    print(
        "model                one question afresh     table  one plan   formula   against a load a question"
    )
    measured = []
    with tempfile.TemporaryDirectory() as folder, real_gemma() as gemma, EngineClient() as client:
        client.hello()
        for name in MODELS:
            path = Path(folder) / f"{name}.gguf"
            write_preset(preset_header(name), path)
            measured.append(_shown(name, _measured(read_model(path), hardware, client)))
        measured.append(_shown(gemma.stem, _measured(read_model(gemma), hardware, client)))
    basis = "Gemma 3 270M"
    return [
        Figure(
            "full answer against one engine load a question",
            measured[-1].ratio,
            "times faster",
            f"nine cache types with the largest context of each; {basis}",
            at_least=10,
        ),
        Figure(
            "the same, the least of all models",
            min(taken.ratio for taken in measured),
            "times faster",
            f"{len(measured)} models, recurrent ones among them",
            at_least=3,
        ),
        Figure("one plan by the engine", measured[-1].plan * 1e3, "ms", f"{basis}, open already", at_most=50),
        Figure("one plan by formula", measured[-1].formula * 1e3, "ms", basis, at_most=1),
    ]


def _measured(facts: ModelFacts, hardware: Hardware, client: EngineClient) -> Taken:
    planner = Planner(facts, hardware, client, must_ask_engine=True)
    settings = resolve(Request(n_ctx=4096), facts)
    afresh = statistics.median(seconds(lambda: _afresh(facts, hardware, settings)) for _ in range(RUNS))
    planner.plan(settings)
    table = seconds(lambda: [_row(planner, facts, cache_type) for cache_type in CACHE_TYPES])
    plan = seconds(lambda: planner.plan(settings.with_n_ctx(8192)))
    formula = seconds(lambda: [planner.estimate(settings) for _ in range(FORMULA_PLANS)]) / FORMULA_PLANS
    return Taken(afresh, table, plan, formula)


def _afresh(facts: ModelFacts, hardware: Hardware, settings: LoadSettings) -> None:
    with EngineClient() as client:
        Planner(facts, hardware, client, must_ask_engine=True).plan(settings)


def _row(planner: Planner, facts: ModelFacts, cache_type: str) -> None:
    largest_row(with_cache_types(Request(), cache_type, cache_type), facts, planner)


def _shown(name: str, taken: Taken) -> Taken:
    print(
        f"{name:20}{taken.afresh * 1e3:18.0f} ms{taken.table * 1e3:7.0f} ms{taken.plan * 1e3:7.1f} ms"
        f"{taken.formula * 1e3:7.2f} ms{taken.ratio:14.0f} times faster",
        flush=True,
    )
    return taken


if __name__ == "__main__":
    main()
