"""A domain that answers by hand, without files and engines: what `ui.session.answers` is to the window.

Each question can be held back at a gate, refused, or counted. The same methods, the same errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from advisor.basis import Basis, Note
from advisor.engine.launch import Launch
from advisor.errors import AdvisorError, EngineError, PresetError, UsageError
from advisor.export.asking.answer import Loaded
from advisor.export.prepare import Prepared, prepare
from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve, with_reserve
from advisor.history.record import ProbeRecord
from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.listing.listing import Listed
from advisor.library.places import Places
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.result import ProbeResult
from advisor.probe.stop import Stop
from advisor.recommend.need import Part
from advisor.recommend.result import Goal, Recommendation
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from tests.support import answers
from tests.support.answers import Model
from tests.support.fake_companions import FakeCompanions
from tests.support.gate import Gate
from tests.support.probe_records import RESULT, a_record
from ui.charts.chart_layout import ContextCurves
from ui.session.answers.goals import KnownGoals
from ui.session.exports import Exports
from ui.session.proof_state import Proved
from ui.session.state import (
    EngineAnswer,
    EngineFacts,
    EnginePlan,
    ExportWish,
    Surroundings,
    Wishes,
)

NOWHERE = Places(Path("/nowhere/home"), Path("/nowhere"), {}, "linux")  # not even read on this computer


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
    export_error: AdvisorError | None = None
    library: list[InstalledModel] = field(default_factory=list)
    library_trouble: tuple[Unreadable, ...] = ()
    no_models: set[str] = field(default_factory=set)  # names in the library that turn out to be none
    runtimes_of_files: dict[str, str] = field(default_factory=dict)  # by file name
    proof_events: tuple[Event, ...] = ()
    proof_gate: Gate | None = None
    proof_error: AdvisorError | None = None
    proof_result: ProbeResult = RESULT
    not_kept: Note | None = None
    kept: list[ProbeRecord] = field(default_factory=list)
    history_error: AdvisorError | None = None
    reserves: list[Reserve] = field(default_factory=list)  # that the proofs were to keep
    proved_beside: list[Companions] = field(default_factory=list)
    kept_goals: dict[str, Goal] = field(default_factory=dict)
    goal_error: AdvisorError | None = None
    goals_problem: PresetError | None = None
    stamps: dict[str, str | None] = field(default_factory=dict)  # by file name; None: it is gone
    launch: Launch | None = None
    count_gate: Gate | None = None
    places: Places = NOWHERE  # where exports are applied
    environment: dict[str, str] = field(default_factory=dict)  # of the programs that take them over
    loaded: tuple[Loaded, ...] = ()
    loaded_error: AdvisorError | None = None
    loaded_gate: Gate | None = None
    tokens_of_a_file: int = 20_000
    folders: tuple[Path, ...] = ()
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    def __post_init__(self) -> None:
        self.companions = FakeCompanions(self.asked)

    def as_answers(self) -> HandMadeAnswers:
        """As the session takes it."""
        return HandMadeAnswers(self)

    def known(self) -> KnownGoals:
        if self.goals_problem:
            return KnownGoals(dict(answers.GOALS), problem=self.goals_problem)
        return KnownGoals({**answers.GOALS, **self.kept_goals}, frozenset(self.kept_goals))

    def keep(self, goal: Goal) -> None:
        if self.goal_error:
            raise self.goal_error
        self.kept_goals[goal.name] = goal

    def forget(self, name: str) -> None:
        self.kept_goals.pop(name, None)

    def use_engine(self, launch: Launch) -> None:
        self.launch = launch

    def use_folders(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders

    def runtimes(self) -> dict[str, str]:
        return {"llama-server": "llama.cpp (llama-server)", "ollama": "Ollama"}

    def default_goal(self) -> str:
        return "longest-context"

    def default_runtime(self) -> str:
        return "llama-server"

    def stamp(self, files: tuple[Path, ...]) -> str | None:
        return self.stamps.get(files[0].name, "as it was")

    def read(self, path: Path) -> ModelFacts:
        self.asked.append(f"read {path.name}")
        if self.read_gate:
            self.read_gate.pass_through()
        if self.read_error:
            raise self.read_error
        found = self._model(path.name)
        shards = found.facts.shards if len(found.facts.shards) > 1 else (path,)
        return replace(found.facts, path=path, shards=shards)

    def runtime_of(self, path: Path) -> str | None:
        return self.runtimes_of_files.get(path.name)

    def installed(self) -> Scan:
        return Scan(tuple(self.library), self.library_trouble)

    def listed(self, model: InstalledModel, hardware: Hardware) -> Listed | None:
        self.asked.append(f"listed {model.name}")
        if model.problem:
            return Listed(model, problem=model.problem)
        if model.name in self.no_models:
            return None
        found = self._model(model.path.name)
        best = answers.recommendation(found, hardware)
        row = best.alternatives[0]
        return Listed(model, "llama", "Q4_K_M", found.facts.n_ctx_train, row.n_ctx_max, row.verdict)

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

    def estimate(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        request: Request,
        companions: Companions = NO_COMPANIONS,
    ) -> MemoryPlan:
        return self._plan(facts, hardware, request, Basis.FORMULA, companions)

    def around(
        self, facts: ModelFacts, hardware: Hardware, request: Request, companions: Companions
    ) -> Surroundings:
        self.asked.append(f"around {request.n_ctx}")
        step, low, high = 256, 0, facts.n_ctx_train // 256 + 1
        while high - low > 1:
            middle = (low + high) // 2
            at = replace(request, n_ctx=middle * step)
            low, high = (
                (middle, high) if self.estimate(facts, hardware, at, companions).fits else (low, middle)
            )
        return Surroundings(low * step, answers.fast())

    def confirm(
        self, facts: ModelFacts, hardware: Hardware, request: Request, companions: Companions
    ) -> EnginePlan:
        self.asked.append(f"confirm {request.n_ctx}")
        if self.engine_gate:
            self.engine_gate.pass_through()
        return EnginePlan(self._plan(facts, hardware, request, Basis.ENGINE, companions), None)

    def export(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        settings: LoadSettings,
        wanted: ExportWish,
        companions: Companions = NO_COMPANIONS,
    ) -> Prepared:
        self.asked.append(f"export {wanted.runtime} {wanted.flavour} {wanted.shell}")
        if self.export_error:
            raise self.export_error
        of = replace(self._model(facts.path.name if facts.path else ""), facts=facts)
        return prepare(
            wanted.runtime,
            settings,
            facts,
            lambda asked: answers.plan(of, hardware, asked, Basis.FORMULA, companions),
            flavour=wanted.flavour,
            shell=wanted.shell,
            name=wanted.name,
            companions=companions,
        )

    @property
    def exports(self) -> Exports:
        return Exports(lambda: self.places, self._loaded, self.environment)

    def _loaded(self, to: str, address: str | None, *, seconds: float) -> tuple[Loaded, ...]:
        self.asked.append(f"loaded {to} {address} {seconds:g}")
        if self.loaded_gate:
            self.loaded_gate.pass_through()
        if self.loaded_error:
            raise self.loaded_error
        return self.loaded

    def curves(self, answer: Recommendation, companions: Companions = NO_COMPANIONS) -> ContextCurves:
        path = answer.model.path
        return answers.curves(answer, self._model(path.name if path else ""), companions)

    def largest_contexts(
        self, answer: Recommendation, reserves: Mapping[str, Reserve], _companions: Companions
    ) -> dict[str, int]:
        self.asked.append(f"reserves {answer.model.name}")
        path = answer.model.path
        of = replace(self._model(path.name if path else ""), facts=answer.model)
        return {
            name: answers.recommendation(of, self._with(reserve), answer.goal).n_ctx_safe
            for name, reserve in reserves.items()
        }

    def prove(
        self,
        facts: ModelFacts,
        reserve: Reserve,
        request: Request,
        stop: Stop,
        on_event: Callable[[Event], None],
        companions: Companions = NO_COMPANIONS,
    ) -> Proved:
        self.asked.append(f"prove {facts.name} {request.cache_type_k}")
        self.reserves.append(reserve)
        self.proved_beside.append(companions)
        for event in self.proof_events:
            on_event(event)
        if self.proof_gate:
            stop.calls(self.proof_gate.open)
            self.proof_gate.pass_through()
        stop.go_on()
        if self.proof_error:
            raise self.proof_error
        if not self.not_kept:
            self.kept.insert(0, a_record(facts.name, result=self.proof_result))
        return Proved(self.proof_result, self.not_kept)

    def proofs(self, facts: ModelFacts) -> tuple[ProbeRecord, ...]:
        if self.history_error:
            raise self.history_error
        return tuple(record for record in self.kept if record.model_name == facts.name)

    def count_file(self, path: Path, facts: ModelFacts, report: Callable[[str], None]) -> Part:
        self.asked.append(f"count {path.name} {facts.name}")
        report(f"counting {path.name}")
        if self.count_gate:
            self.count_gate.pass_through()
            report("still counting")
        if path.suffix == ".pdf":
            raise UsageError(f"{path.name} is a PDF, not plain text.", hint="Export it.")
        if self.engine_missing:
            why = Note("tokens-estimated", "They are estimated: there is no engine.")
            return Part(path.name, self.tokens_of_a_file, Basis.ASSUMED, why)
        return Part(path.name, self.tokens_of_a_file, Basis.ENGINE)

    def retire_engine(self) -> None:
        self.asked.append("retire")

    def close(self) -> None:
        self.closed += 1
        gates = (self.engine_gate, self.formula_gate, self.read_gate, self.hardware_gate, self.hello_gate)
        for gate in (*gates, self.count_gate, self.loaded_gate):
            if gate:
                gate.open()  # as ending the engine's process ends its question

    def _plan(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        request: Request,
        basis: Basis,
        companions: Companions,
    ) -> MemoryPlan:
        of = replace(self._model(facts.path.name if facts.path else ""), facts=facts)
        return answers.plan(of, hardware, resolve(request, facts), basis, companions)

    def _with(self, reserve: Reserve) -> Hardware:
        return self.computer if reserve.is_auto else with_reserve(self.computer, reserve)

    def _model(self, name: str) -> Model:
        return self.models.get(name) or answers.model()

    def _answer(self, facts: ModelFacts, wishes: Wishes, basis: Basis) -> Recommendation:
        of = replace(self._model(facts.path.name if facts.path else ""), facts=facts)
        return answers.recommendation(
            of,
            wishes.hardware,
            wishes.goal,
            basis=basis,
            runtime=wishes.runtime,
            companions=wishes.companions,
        )


class HandMadeAnswers:
    """The hand-made domain, part by part: all but the companions are the domain itself."""

    def __init__(self, domain: FakeDomain) -> None:
        self.goals = self.computer = self.models = self.library = self.proofs = domain
        self.companions = domain.companions
        self._domain = domain

    @property
    def exports(self) -> Exports:
        return self._domain.exports

    def close(self) -> None:
        self._domain.close()
