"""What the session holds: the opened models with their answers, and what is known of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from advisor.errors import AdvisorError, EngineError
from advisor.export.choices import Flavour, Shell
from advisor.hardware.device import Hardware
from advisor.history.record import ProbeRecord
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.model.projector import Projector
from advisor.recommend.result import Goal, Recommendation, Speed
from advisor.settings.request import Request

from ui.charts.chart_layout import ContextCurves
from ui.session.proof_state import Proof


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """The engine as it introduced itself."""

    binding: str  # llama-cpp-python's version
    backends: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"llama-cpp-python {self.binding}"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an answer depends on beside the model."""

    hardware: Hardware
    goal: Goal
    runtime: str
    gpu_only: bool = False
    companions: Companions = NO_COMPANIONS


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes with a model: the projectors that are offered, and what is counted in every answer.

    `error` says why the last thing that was to be counted is not; `gone` are files that were counted before
    and are not there any more.
    """

    offered: tuple[Projector, ...] = ()
    counted: Companions = NO_COMPANIONS
    error: AdvisorError | None = None
    gone: tuple[Path, ...] = ()

    def with_counted(self, counted: Companions) -> Beside:
        """Another choice; a projector from elsewhere is offered from now on."""
        chosen = counted.projector
        is_new = chosen is not None and chosen.path not in {known.path for known in self.offered}
        return Beside((*self.offered, chosen) if chosen and is_new else self.offered, counted)


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """A recommendation, and why the engine stopped being asked for it, if it did."""

    recommendation: Recommendation
    problem: EngineError | None


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """The plan of the user's own settings, and why the engine did not make it, if it did not."""

    plan: MemoryPlan
    problem: EngineError | None


@dataclass(frozen=True, slots=True)
class ExportWish:
    """Which export the user wants to see. `name`: what the runtime itself calls the model, if it does."""

    runtime: str
    flavour: Flavour = "pinned"
    shell: Shell = "sh"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LargestByReserve:
    """How many tokens an answer's settings could have with each choice of what is kept free."""

    answer: Recommendation
    n_ctx: dict[str, int]  # by the choice's name, 0 for nothing; an earlier answer's until they are known


@dataclass(frozen=True, slots=True)
class Choice:
    """The user's own settings in place of the recommended ones, and what is known of them by now.

    `plan` is by formula at first, then the engine's. `n_ctx_safe` and `speed` are None until they are known.
    """

    request: Request
    hardware: Hardware
    plan: MemoryPlan
    companions: Companions = NO_COMPANIONS
    n_ctx_safe: int | None = None
    speed: Speed | None = None
    is_asking_engine: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is computed around a choice when it rests: the largest safe context, the speed."""

    n_ctx_safe: int
    speed: Speed


class EngineStatus(StrEnum):
    STARTING = "starting"
    READY = "ready"
    ABSENT = "absent"  # not installed, unfit or dead: answers are by formula


@dataclass(frozen=True, slots=True)
class EngineState:
    status: EngineStatus = EngineStatus.STARTING
    facts: EngineFacts | None = None
    problem: EngineError | None = None


@dataclass(slots=True, eq=False)
class OpenModel:
    """One file that the user opened, as far as it is known by now.

    `generation` counts the questions: an answer to an older one is dropped. `engine_problem` says why
    the answer shown is by formula although there is an engine. `choice` takes the recommendation's place on
    the page; `choice_error` says why the last thing chosen cannot be. `runtime` is the one that the file
    belongs to, or that was chosen for it; without, it is the window's. `proof` is the last one in this
    window, `proofs` are those of the history, newest first; `proofs_error` says why that cannot be read.
    `lost` says that its file is gone: what is shown is from before. `stamp` is of the files as they were
    read, None for files that were gone; `came_after` is what was shown when this was opened, or came first.
    """

    path: Path
    facts: ModelFacts | None = None
    recommendation: Recommendation | None = None
    curves: ContextCurves | None = None
    reserves: LargestByReserve | None = None
    runtime: str | None = None
    choice: Choice | None = None
    choice_error: AdvisorError | None = None
    error: AdvisorError | None = None
    lost: AdvisorError | None = None
    engine_problem: EngineError | None = None
    proof: Proof | None = None
    proofs: tuple[ProbeRecord, ...] = ()
    proofs_error: AdvisorError | None = None
    beside: Beside = NOTHING_BESIDE
    stamp: str | None = None
    came_after: OpenModel | None = None
    is_asking_engine: bool = False
    generation: int = 0
    asked_generation: int = field(default=-1)  # the last one that the engine was asked

    @property
    def name(self) -> str:
        return self.facts.name if self.facts else self.path.name

    @property
    def files(self) -> tuple[Path, ...]:
        """All of its parts, as far as they are known."""
        return self.facts.shards if self.facts and self.facts.shards else (self.path,)

    @property
    def plan(self) -> MemoryPlan | None:
        """The plan that the page shows: the user's choice, else the recommended one."""
        if self.choice:
            return self.choice.plan
        return self.recommendation.plan if self.recommendation else None

    @property
    def shown(self) -> Recommendation | None:
        """The recommendation with the shown plan in it, for what is drawn around that."""
        if self.recommendation and self.choice:
            return replace(self.recommendation, settings=self.choice.plan.settings, plan=self.choice.plan)
        return self.recommendation
