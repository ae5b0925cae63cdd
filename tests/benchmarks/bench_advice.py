"""A whole recommendation with the engine asked: how long it takes, and how often the engine is asked.

    python -m tests.benchmarks.bench_advice

For one GPU with room for the model, for one with room for two thirds of it, and without a GPU. The GPU is the
Vulkan device of `make rig`, taken for a card of the size wanted: a dry run allocates nothing on it. That
device works on 128 MiB of a cache at once and the engine ends beyond: each such question costs a new start,
which no card of that size would. Against it: the same search with every question put to the engine.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import DryRun, dry_run
from advisor.engine.launch import Launch
from advisor.hardware.device import Device, Hardware, Kind
from advisor.memory.plan import MemoryPlan
from advisor.model import ModelFacts, read_model
from advisor.model.presets import preset_header, write_preset
from advisor.recommend import planner as planner_module
from advisor.recommend.advise import advise
from advisor.recommend.goals import goal_named
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support import vulkan_rig
from tests.support.gguf_bytes import expand_head, head_names

MODELS = ("llama-3.1-8b", "gemma-3-12b", "qwen3-30b-a3b")
RAM_BYTES = 256 * GiB
GOAL = "coding"
ROOM = {"one GPU": 1.15, "partial offload": 0.66}


class EngineAlone(Planner):
    """Puts every question to the engine, those of the search, too."""

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        return self.plan(settings)


@dataclass(frozen=True, slots=True)
class Figures:
    """One recommendation. The model is open before the clock starts, as it is in the program."""

    seconds: float
    questions: int
    seconds_by_engine_alone: float
    questions_by_engine_alone: int


class Counted:
    """`dry_run`, counting."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(
        self,
        client: EngineClient,
        facts: ModelFacts,
        settings: LoadSettings,
        devices: tuple[str, ...] | None = None,
    ) -> DryRun:
        self.n += 1
        return dry_run(client, facts, settings, devices)


def ram() -> Device:
    return Device(
        id="ram",
        name="RAM",
        vendor="",
        kind=Kind.CPU,
        backend="CPU",
        total_bytes=RAM_BYTES,
        free_bytes=RAM_BYTES,
        reserve_bytes=GiB,
        usable_if_others_closed_bytes=RAM_BYTES,
        bandwidth_bytes_per_second=80_000_000_000,
        engine_device="CPU",
    )


def card(n_bytes: int) -> Device:
    return replace(
        ram(),
        id="gpu:0",
        name="A card",
        kind=Kind.DISCRETE,
        backend="Vulkan",
        total_bytes=n_bytes,
        free_bytes=n_bytes,
        reserve_bytes=0,
        usable_if_others_closed_bytes=n_bytes,
        bandwidth_bytes_per_second=500_000_000_000,
        engine_device="Vulkan0",
    )


def measured(facts: ModelFacts, hardware: Hardware, client: EngineClient, *, alone: bool = True) -> Figures:
    """One recommendation both ways; `alone` False leaves the slow one out."""
    seconds, questions = _once(Planner(facts, hardware, client, must_ask_engine=True), facts, hardware)
    if not alone:
        return Figures(seconds, questions, 0.0, 0)
    slow = _once(EngineAlone(facts, hardware, client, must_ask_engine=True), facts, hardware)
    return Figures(seconds, questions, *slow)


def _once(planner: Planner, facts: ModelFacts, hardware: Hardware) -> tuple[float, int]:
    planner.plan(LoadSettings(n_ctx=256, n_gpu_layers=facts.all_gpu_layers))
    counted = Counted()
    planner_module.dry_run = counted
    start = time.perf_counter()
    try:
        advise(facts, hardware, goal_named(GOAL), Request(), planner)
    finally:
        planner_module.dry_run = dry_run
    return time.perf_counter() - start, counted.n


def rig() -> Mapping[str, str] | None:
    """The variables of the Vulkan device, None where it was not set up."""
    try:
        return vulkan_rig.environment()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return None


def main() -> None:
    print("                      " + "  ".join(f"{what:>34}" for what in ("no GPU", *ROOM)))
    variables = rig()
    launch = Launch(environment=dict(variables)) if variables else Launch()
    with tempfile.TemporaryDirectory() as folder, EngineClient(launch) as client:
        client.hello()
        for name in MODELS:
            path = Path(folder) / f"{name}.gguf"
            write_preset(preset_header(name), path)
            facts = read_model(path)
            cells = [_cell(measured(facts, Hardware((ram(),)), client))]
            for room in ROOM.values() if variables else ():
                there = Hardware((card(int(facts.file_bytes * room) + GiB), ram()))
                cells.append(_cell(measured(facts, there, client)))
            print(f"{name:22}" + "  ".join(f"{cell:>34}" for cell in cells), flush=True)
        heads = [read_model(expand_head(name, Path(folder))) for name in head_names()]
        all_of = [measured(facts, Hardware((ram(),)), client, alone=False) for facts in heads]
    median = statistics.median(figures.seconds for figures in all_of)
    slowest = max(figures.seconds for figures in all_of)
    most = max(figures.questions for figures in all_of)
    print(
        f"{len(heads)} small headers, no GPU: {median * 1e3:.0f} ms, the slowest {slowest * 1e3:.0f} ms, "
        f"at most {most} questions"
    )


def _cell(figures: Figures) -> str:
    ratio = figures.seconds_by_engine_alone / figures.seconds
    return (
        f"{figures.seconds * 1e3:.0f} ms, {figures.questions} questions, "
        f"{ratio:.1f} times faster than {figures.questions_by_engine_alone}"
    )


if __name__ == "__main__":
    os.environ.pop("CI", None)
    main()
