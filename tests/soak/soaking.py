"""Many plans and proofs in one process tree, with what the parent holds after each part."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psutil

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.prover import Prover
from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.history.keeping import keep
from advisor.history.store import History
from advisor.model import read_model
from advisor.probe import spill
from advisor.probe.prove import prove
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import MiB
from tests.support.engines import patched
from tests.support.small_models import small_llama

MOST_GROWTH_BYTES = 20 * MiB
# The first of everything imports, opens and caches what stays.
WARM_PLANS, WARM_PROOFS = 40, 2
EACH_PART = 5
# One thread: two would wait for each other on a busy computer, thousands of times.
ONE_THREAD = "import worker.real_context\nworker.real_context.n_cores = lambda: 1"
CACHE_TYPES = ("f16", "q8_0", "q4_0")


@dataclass(frozen=True)
class Row:
    """What the parent holds, with its processes gone."""

    after: str
    seconds: float
    rss_bytes: int
    n_children: int
    n_files: int
    n_threads: int

    def is_as_clean_as(self, before: Row) -> bool:
        """No process, file or thread more than before."""
        return (
            self.n_children <= before.n_children
            and self.n_files <= before.n_files
            and self.n_threads <= before.n_threads
        )


def soak(folder: Path, plans: int, proofs: int, *, on_row: Callable[[Row], None]) -> list[Row]:
    """The rows: after the warm-up, after each fifth of the plans, after each fifth of the proofs."""
    path = small_llama(folder / "soak.gguf", n_head=2, n_head_kv=1, n_ff=256).path
    assert path is not None
    started, rows = time.monotonic(), []

    def row(after: str) -> None:
        rows.append(_held(after, time.monotonic() - started))
        on_row(rows[-1])

    # Such small proofs measure their speed within milliseconds: on a busy computer that says nothing.
    with mock.patch.object(spill, "COLLAPSE", math.inf):
        plan_many(path, WARM_PLANS)
        for number in range(WARM_PROOFS):
            prove_once(path, folder, number)
        row("warm-up")
        for part in range(1, EACH_PART + 1):
            plan_many(path, plans // EACH_PART)
            row(f"{part * plans // EACH_PART} plans")
        for number in range(1, proofs + 1):
            prove_once(path, folder, number)
            if number % max(1, proofs // EACH_PART) == 0 or number == proofs:
                row(f"{number} proofs")
    return rows


def plan_many(path: Path, count: int) -> None:
    """Half by formula alone, half by the engine; contexts and cache types go round."""
    facts = read_model(path)
    with EngineClient() as client:
        info = client.hello()
        of_ram = (Detector("RAM", detect_ram),)
        hardware = detect(devices_of(info), engine_backends=info.backends, detectors=of_ram)
        planner = Planner(facts, hardware, client)
        for number in range(count):
            kind = CACHE_TYPES[number % len(CACHE_TYPES)]
            request = Request(n_ctx=1024 + 256 * number, cache_type_k=kind, cache_type_v=kind)
            settings = resolve(request, facts)
            plan = (planner.plan if number % 2 else planner.estimate)(settings)
            assert plan.basis is (Basis.ENGINE if number % 2 else Basis.FORMULA)


def prove_once(path: Path, folder: Path, number: int) -> None:
    """One small proof from the reading of the file to the history."""
    facts = read_model(path)
    n_ctx = 256 * (1 + number % 3)
    with EngineClient() as client, Prover(patched(folder, ONE_THREAD)) as prover:
        info = client.hello()
        of_ram = (Detector("RAM", detect_ram),)
        hardware = detect(devices_of(info), engine_backends=info.backends, detectors=of_ram)
        result = prove(
            facts,
            hardware,
            Request(runtime="llama-server", n_ubatch=64),
            Planner(facts, hardware, client),
            prover,
            n_ctx=n_ctx,
            folder=folder,
            release_engine=lambda: client.retire_if_idle(0),
        )
    assert result.proved_n_ctx == n_ctx
    assert keep(facts, hardware, info, result, History(folder / "history.sqlite3")) is None


def _held(after: str, seconds: float) -> Row:
    gc.collect()
    process = psutil.Process()
    return Row(
        after,
        seconds,
        process.memory_info().rss,
        len(process.children(recursive=True)),
        process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        process.num_threads(),
    )
