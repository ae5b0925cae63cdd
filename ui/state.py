"""What the session holds: the opened models with their answers, and what is known of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from advisor.errors import AdvisorError, EngineError
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Goal, Recommendation

from ui.chart_layout import ContextCurves


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


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """A recommendation, and why the engine stopped being asked for it, if it did."""

    recommendation: Recommendation
    problem: EngineError | None


@dataclass(frozen=True, slots=True)
class LargestByReserve:
    """How many tokens an answer's settings could have with each choice of what is kept free."""

    answer: Recommendation
    n_ctx: dict[str, int]  # by the choice's name, 0 for nothing; an earlier answer's until they are known


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
    the answer shown is by formula although there is an engine.
    """

    path: Path
    facts: ModelFacts | None = None
    recommendation: Recommendation | None = None
    curves: ContextCurves | None = None
    reserves: LargestByReserve | None = None
    error: AdvisorError | None = None
    engine_problem: EngineError | None = None
    is_asking_engine: bool = False
    generation: int = 0
    asked_generation: int = field(default=-1)  # the last one that the engine was asked

    @property
    def name(self) -> str:
        return self.facts.name if self.facts else self.path.name
