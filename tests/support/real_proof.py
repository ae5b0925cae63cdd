"""A proof with the real engine, and the exhaustive search that it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineInfo
from advisor.engine.prover import Prover
from advisor.errors import EngineError
from advisor.hardware.detect import Detector, detect
from advisor.hardware.detectors.ram import detect as detect_ram
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.probe.loading import open_request
from advisor.probe.prove import prove
from advisor.probe.result import ProbeResult
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import CONTEXT_STEP

NO_VARIABLES: Mapping[str, str] = {}


def proved(
    facts: ModelFacts,
    request: Request,
    folder: Path,
    environment: Mapping[str, str] = NO_VARIABLES,
    **options: Any,
) -> tuple[ProbeResult, Hardware]:
    """The result of `prove` with the RAM of this computer and the engine's own devices."""
    launch = Launch(environment=environment)
    with EngineClient(launch) as client, Prover(launch) as prover:
        hardware = _hardware(client.hello())
        planner = Planner(facts, hardware, client)
        result = prove(
            facts,
            hardware,
            request,
            planner,
            prover,
            folder=folder,
            release_engine=lambda: client.retire_if_idle(0),
            **options,
        )
    return result, hardware


def loaded_bytes(facts: ModelFacts, request: Request, environment: Mapping[str, str] = NO_VARIABLES) -> int:
    """What counts against a cap in a worker of its own with the model and the smallest context.

    No limit is set: once it is answered, a GPU's driver has built and kept the kernels that it needs.
    """
    settings = resolve(request, facts, CONTEXT_STEP)
    with Prover(Launch(environment=environment)) as prover:
        hardware = _hardware(prover.hello())
        prover.load(
            open_request(facts, hardware, settings),
            host_usable_bytes=None,
            warm_up=resolve(request, facts, facts.n_ctx_train),
            on_progress=lambda progress: None,
        )
        data_bytes = prover.allocate(settings, lambda progress: None).memory.data_bytes
    assert data_bytes is not None
    return data_bytes


def works(
    facts: ModelFacts,
    request: Request,
    hardware: Hardware,
    n_ctx: int,
    cap_bytes: int,
    environment: Mapping[str, str] = NO_VARIABLES,
) -> bool:
    """Whether a context can be allocated and decoded in a worker of its own."""
    settings = resolve(request, facts, n_ctx)
    with Prover(Launch(environment=environment)) as prover:
        try:
            prover.load(
                open_request(facts, hardware, settings),
                host_usable_bytes=None,
                cap_bytes=cap_bytes,
                warm_up=settings,
                on_progress=lambda progress: None,
            )
            prover.allocate(settings, lambda progress: None)
        except EngineError:
            return False
    return True


def largest_that_works(
    facts: ModelFacts,
    request: Request,
    hardware: Hardware,
    around: int,
    cap_bytes: int,
    environment: Mapping[str, str] = NO_VARIABLES,
) -> int:
    """The largest of the contexts from two steps above `around` downwards, each tried afresh."""
    for n_ctx in range(around + 2 * CONTEXT_STEP, 0, -CONTEXT_STEP):
        if works(facts, request, hardware, n_ctx, cap_bytes, environment):
            return n_ctx
    return 0


def _hardware(info: EngineInfo) -> Hardware:
    of_ram = (Detector("RAM", detect_ram),)
    return detect(devices_of(info), engine_backends=info.backends, detectors=of_ram)
