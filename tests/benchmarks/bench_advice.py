"""A whole recommendation with the engine asked: how long it takes, and how often the engine is asked.

    python -m tests.benchmarks.bench_advice

For one GPU with room for the model, for one with room for two thirds of it, and without a GPU. The GPU is the
Vulkan device of `make rig`, taken for a card of the size wanted: a dry run allocates nothing on it. Against
it: the same search with every question put to the engine.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
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
from tests.benchmarks.figure import Figure
from tests.support import vulkan_rig
from tests.support.gguf_bytes import expand_head, head_names

# The rig's own limit, 128 MiB a tensor, is met with the first two.
MODELS = ("llama-3.1-8b", "gemma-3-12b", "qwen3-30b-a3b", "qwen3-14b")
RAM_BYTES = 256 * GiB
GOAL = "coding"
NO_GPU, ONE_GPU, PARTIAL = "no GPU", "one GPU", "partial offload"
ROOM = {ONE_GPU: 1.15, PARTIAL: 0.66}
WANTED_SECONDS = {NO_GPU: 1, ONE_GPU: 1, PARTIAL: 3}


class Counting(Planner):
    """Counts the plans by formula."""

    n_estimates = 0

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        self.n_estimates += 1
        return super().estimate(settings)


class EngineAlone(Counting):
    """Puts every question to the engine, those of the search, too."""

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        return self.plan(settings)


@dataclass(frozen=True, slots=True)
class Figures:
    """One recommendation. The model is open before the clock starts, as it is in the program.

    `processor_seconds` are this process's and the engine's, which hardly change when the machine has other
    work.
    """

    seconds: float
    processor_seconds: tuple[float, float]
    n_questions: int
    n_estimates: int


class Watched:
    """`dry_run`, with how often it was asked and what the engine worked for it."""

    def __init__(self, client: EngineClient) -> None:
        self.n_questions = 0
        self._before = _processor_seconds(client)
        self._worked = dict(self._before)

    @property
    def engine_seconds(self) -> float:
        """Processor time of all engines together, but for the last question of each that ended."""
        return sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._worked.items())

    def __call__(
        self,
        client: EngineClient,
        facts: ModelFacts,
        settings: LoadSettings,
        devices: tuple[str, ...] | None = None,
    ) -> DryRun:
        try:
            return dry_run(client, facts, settings, devices)
        finally:
            self.n_questions += 1
            self._worked |= _processor_seconds(client)


def _processor_seconds(client: EngineClient) -> dict[int, float]:
    """Of the engine that runs now, by its process."""
    if client.pid is None:
        return {}
    times = psutil.Process(client.pid).cpu_times()
    return {client.pid: times.user + times.system}


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


def measured(planner: Counting, facts: ModelFacts, hardware: Hardware, client: EngineClient) -> Figures:
    """One recommendation by this planner."""
    planner.plan(LoadSettings(n_ctx=256, n_gpu_layers=facts.all_gpu_layers))
    planner.n_estimates = 0
    watched = Watched(client)
    planner_module.dry_run = watched
    start, own_start = time.perf_counter(), time.process_time()
    try:
        advise(facts, hardware, goal_named(GOAL), Request(), planner)
    finally:
        planner_module.dry_run = dry_run
    seconds, own_seconds = time.perf_counter() - start, time.process_time() - own_start
    return Figures(
        seconds=seconds,
        processor_seconds=(own_seconds, watched.engine_seconds),
        n_questions=watched.n_questions,
        n_estimates=planner.n_estimates,
    )


def rig() -> Mapping[str, str] | None:
    """The variables of the Vulkan device, None where it was not set up."""
    try:
        return vulkan_rig.environment()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return None


def main() -> list[Figure]:
    variables = rig()
    launch = Launch(environment=dict(variables)) if variables else Launch()
    found: dict[str, list[Figures]] = {}
    print(
        f"{'':31} {'seconds':>8} {'processor: ours, engine':>24} {'questions':>10} {'by formula':>11}   "
        "engine alone"
    )
    with tempfile.TemporaryDirectory() as folder, EngineClient(launch) as client:
        client.hello()
        for name in MODELS:
            path = Path(folder) / f"{name}.gguf"
            write_preset(preset_header(name), path)
            facts = read_model(path)
            computers = {NO_GPU: Hardware((ram(),))}
            for where, room in ROOM.items() if variables else ():
                computers[where] = Hardware((card(int(facts.file_bytes * room) + GiB), ram()))
            for where, hardware in computers.items():
                planner = Counting(facts, hardware, client, must_ask_engine=True)
                figures = measured(planner, facts, hardware, client)
                found.setdefault(where, []).append(figures)
                alone = EngineAlone(facts, hardware, client, must_ask_engine=True)
                slow = measured(alone, facts, hardware, client)
                _show(f"{name}, {where}", figures, slow)
        heads = [read_model(expand_head(name, Path(folder))) for name in head_names()]
        hardware = Hardware((ram(),))
        small = [measured(Counting(facts, hardware, client), facts, hardware, client) for facts in heads]
    return [
        *(
            Figure(
                f"a recommendation, {where}",
                max(figures.seconds for figures in all_of),
                "s",
                f"the slowest of {len(all_of)} models, up to {max(f.n_questions for f in all_of)} questions; "
                f"{max(sum(f.processor_seconds) for f in all_of):.2f} s of processor time",
                at_most=WANTED_SECONDS[where],
            )
            for where, all_of in found.items()
        ),
        Figure(
            "a recommendation for a small header, no GPU",
            statistics.median(figures.seconds for figures in small) * 1e3,
            "ms",
            f"{len(small)} architectures, the slowest {max(f.seconds for f in small) * 1e3:.0f} ms, "
            f"at most {max(f.n_questions for f in small)} questions",
        ),
    ]


def _show(what: str, figures: Figures, slow: Figures) -> None:
    ratio = slow.seconds / figures.seconds
    ours, engines = figures.processor_seconds
    print(
        f"{what:31} {figures.seconds:8.2f} {f'{ours:.2f}, {engines:.2f}':>24} {figures.n_questions:10} "
        f"{figures.n_estimates:11}   "
        f"{slow.n_questions} questions, {ratio:.1f} times as long",
        flush=True,
    )


if __name__ == "__main__":
    os.environ.pop("CI", None)
    main()
