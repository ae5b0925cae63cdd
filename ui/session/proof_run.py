"""A proof as the window runs it: with engines of its own, which a stop ends at once. Without Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.engine.client import EngineClient
from advisor.engine.launch import Launch
from advisor.engine.prover import Prover
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.prove import prove
from advisor.probe.result import ProbeResult
from advisor.probe.stop import Stop
from advisor.recommend.planner import Planner
from advisor.recommend.planning import Planning
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request


def run_proof(
    facts: ModelFacts,
    hardware: Hardware,
    request: Request,
    stop: Stop,
    on_event: Callable[[Event], None],
    planner_with: Callable[[EngineClient], Planner],
    release: Callable[[], object],
    launch: Launch | None = None,
) -> ProbeResult:
    """The limit of these settings, whatever their context. `release` ends the window's own engine.

    The dry runs have a client of their own: a stop ends its question, and nobody else's.
    Raises what `advisor.probe.prove.prove` raises.
    """
    client = EngineClient(launch)
    stop.calls(client.cancel)

    def release_engines() -> None:
        client.retire_if_idle(0)
        release()

    try:
        with Prover(launch) as prover:
            planner = planner_with(client)
            return prove(
                facts,
                hardware,
                replace(request, n_ctx=None),
                _Stoppable(planner, stop),
                prover,
                on_event=on_event,
                stop=stop,
                release_engine=release_engines,
            )
    finally:
        client.close()


class _Stoppable:
    """A planner that asks the engine nothing more after the stop."""

    def __init__(self, planner: Planner, stop: Stop) -> None:
        self._planner = planner
        self._stop = stop

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        return self._planner.estimate(settings)

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        self._stop.go_on()
        return self._planner.plan(settings)

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planning:
        return self._planner.instead(facts=facts, hardware=hardware)
