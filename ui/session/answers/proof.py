"""Proofs: run with engines of their own, kept in the history, read back from it."""

from __future__ import annotations

from collections.abc import Callable

from advisor.hardware.reserve import Reserve
from advisor.history.keeping import keep, with_lessons
from advisor.history.record import ProbeRecord, model_key
from advisor.history.store import History
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.stop import Stop
from advisor.settings.request import Request

from ui.session.answers.computer import ComputerAnswers
from ui.session.proof_state import Proved

_SHOWN_PROOFS = 20


class ProofAnswers:
    """The real limit, and what was found before."""

    def __init__(self, computer: ComputerAnswers) -> None:
        self._computer = computer

    def prove(
        self,
        facts: ModelFacts,
        reserve: Reserve,
        request: Request,
        stop: Stop,
        on_event: Callable[[Event], None],
        companions: Companions = NO_COMPANIONS,
    ) -> Proved:
        """The real limit of these settings on this computer as it is now, kept with what it teaches.

        Raises what `advisor.probe.prove.prove` raises.
        """
        from ui.session.proof_run import run_proof  # the search for the limit: the window is there sooner

        computer = self._computer
        hardware = computer.hardware(reserve, anew=True)
        engine = computer.introduction or computer.client.hello()
        stop.go_on()
        result = run_proof(
            *(facts, hardware, request, stop, on_event),
            planner_with=lambda client: computer.planner(facts, hardware, companions, client),
            release=lambda: computer.client.retire_if_idle(0),
            launch=computer.launch,
        )
        result = with_lessons(facts, hardware, result, History())
        not_kept = keep(facts, hardware, engine, result, History())
        computer.learn(hardware)
        return Proved(result, not_kept)

    def proofs(self, facts: ModelFacts) -> tuple[ProbeRecord, ...]:
        """The earlier proofs of this model, newest first. Raises OutputError."""
        return History().records(model_key(facts), limit=_SHOWN_PROOFS)
