"""A domain that answers by hand: what `ui.answers.Answers` is to the window, without files and engines.

Each question can be held back at a gate, refused, or counted. The same methods, the same errors.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from advisor.basis import Basis
from advisor.errors import AdvisorError, EngineError
from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve, with_reserve
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Goal, Recommendation
from tests.support import answers
from tests.support.answers import Model
from ui.chart_layout import ContextCurves
from ui.state import EngineAnswer, EngineFacts, Wishes

TIMEOUT_SECONDS = 20  # a gate that is never opened fails the test instead of hanging it


@dataclass
class Gate:
    """Holds whoever asks until it is opened."""

    _open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        self._open.set()

    def pass_through(self) -> None:
        self.reached.set()
        if not self._open.wait(TIMEOUT_SECONDS):
            raise TimeoutError("the gate stayed shut")


@dataclass
class FakeDomain:
    """Answers with hand-made recommendations. Set a field to change what is answered next."""

    computer: Hardware = field(default_factory=lambda: answers.computer(answers.gpu()))
    engine_backends: tuple[str, ...] = ("CUDA", "CPU")
    models: dict[str, Model] = field(default_factory=dict)  # by file name; others are the default model
    read_error: AdvisorError | None = None
    formula_error: AdvisorError | None = None
    engine_missing: EngineError | None = None
    engine_death: EngineError | None = None
    engine_gate: Gate | None = None
    formula_gate: Gate | None = None
    read_gate: Gate | None = None
    hardware_gate: Gate | None = None
    hello_gate: Gate | None = None
    hardware_error: AdvisorError | None = None
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    def goals(self) -> dict[str, Goal]:
        return answers.GOALS

    def runtimes(self) -> dict[str, str]:
        return {"llama-server": "llama.cpp (llama-server)", "ollama": "Ollama"}

    def default_goal(self) -> str:
        return "longest-context"

    def default_runtime(self) -> str:
        return "llama-server"

    def read_model(self, path: Path) -> ModelFacts:
        self.asked.append(f"read {path.name}")
        if self.read_gate:
            self.read_gate.pass_through()
        if self.read_error:
            raise self.read_error
        found = self._model(path.name)
        shards = found.facts.shards if len(found.facts.shards) > 1 else (path,)
        return replace(found.facts, path=path, shards=shards)

    def hardware(self, reserve: Reserve, *, anew: bool) -> Hardware:
        self.asked.append("detect" if anew else "put together")
        if self.hardware_gate:
            self.hardware_gate.pass_through()
        if self.hardware_error:
            raise self.hardware_error
        return self._with(reserve)

    def engine(self) -> EngineFacts:
        self.asked.append("hello")
        if self.hello_gate:
            self.hello_gate.pass_through()
        if self.engine_missing:
            raise self.engine_missing
        return EngineFacts("0.3.36", self.engine_backends)

    def by_formula(self, facts: ModelFacts, wishes: Wishes) -> Recommendation:
        self.asked.append(f"formula {facts.name} {wishes.goal.name} {wishes.runtime}")
        if self.formula_gate:
            self.formula_gate.pass_through()
        if self.formula_error:
            raise self.formula_error
        return self._answer(facts, wishes, Basis.FORMULA)

    def by_engine(self, facts: ModelFacts, wishes: Wishes, report: Callable[[str], None]) -> EngineAnswer:
        self.asked.append(f"engine {facts.name} {wishes.goal.name} {wishes.runtime}")
        report("asking llama.cpp: 256 tokens")
        if self.engine_gate:
            self.engine_gate.pass_through()
        if self.engine_death:
            return EngineAnswer(self._answer(facts, wishes, Basis.FORMULA), self.engine_death)
        return EngineAnswer(self._answer(facts, wishes, Basis.ENGINE), None)

    def curves(self, answer: Recommendation) -> ContextCurves:
        path = answer.model.path
        return answers.curves(answer, self._model(path.name if path else ""))

    def largest_contexts(self, answer: Recommendation, reserves: Mapping[str, Reserve]) -> dict[str, int]:
        self.asked.append(f"reserves {answer.model.name}")
        path = answer.model.path
        of = replace(self._model(path.name if path else ""), facts=answer.model)
        return {
            name: answers.recommendation(of, self._with(reserve), answer.goal).n_ctx_safe
            for name, reserve in reserves.items()
        }

    def retire_engine(self) -> None:
        self.asked.append("retire")

    def close(self) -> None:
        self.closed += 1
        gates = (self.engine_gate, self.formula_gate, self.read_gate, self.hardware_gate, self.hello_gate)
        for gate in gates:
            if gate:
                gate.open()  # as ending the engine's process ends its question

    def _with(self, reserve: Reserve) -> Hardware:
        return self.computer if reserve.is_auto else with_reserve(self.computer, reserve)

    def _model(self, name: str) -> Model:
        return self.models.get(name) or answers.model()

    def _answer(self, facts: ModelFacts, wishes: Wishes, basis: Basis) -> Recommendation:
        of = replace(self._model(facts.path.name if facts.path else ""), facts=facts)
        return answers.recommendation(of, wishes.hardware, wishes.goal, basis=basis, runtime=wishes.runtime)
