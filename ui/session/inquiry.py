"""How one opened model is asked about: read, answered by formula, then by the engine, then drawn.

Every question belongs to a generation of its model. A newer question makes a new generation; what is
still answered to an older one is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from advisor.errors import AdvisorError, EngineError
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Recommendation
from PySide6.QtCore import QObject, Signal

from ui.charts.chart_layout import ContextCurves
from ui.session.accompanying import Accompanying
from ui.session.chosen_files import chosen_files
from ui.session.reserve_choices import RESERVES
from ui.session.state import NOTHING_BESIDE, Beside, EngineAnswer, LargestByReserve, OpenModel, Wishes
from ui.session.tasks import Lane, Report, Task, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file says, the runtime that it belongs to, and what goes with it."""

    facts: ModelFacts
    runtime: str | None
    beside: Beside


class Inquiry(QObject):
    """Asks in the background and writes what comes back into the model."""

    facts_read = Signal(object)  # OpenModel
    unreadable = Signal(object)  # OpenModel: its error says why
    answered = Signal(object)  # OpenModel, by formula or by the engine
    changed = Signal(object)  # OpenModel: anything of it
    progress_changed = Signal(str)  # what the engine is being asked, empty when it rests

    def __init__(self, answers: Answers, tasks: Tasks, accompanying: Accompanying, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers
        self._tasks = tasks
        self._accompanying = accompanying
        self._under_way: dict[OpenModel, list[Task]] = {}

    def read(self, model: OpenModel, lane: Lane = Lane.QUICK) -> None:
        """Read the file's header, and what goes with it."""
        before, files = model.beside, model.files
        remembered = self._accompanying.remembered
        stamps: list[str | None] = []

        def read(found: _Read) -> None:
            model.stamp = stamps[-1]
            model.facts = found.facts
            model.runtime = model.runtime or found.runtime
            if model.beside is before:
                model.beside = found.beside
            else:  # something was chosen meanwhile
                model.beside = replace(model.beside, offered=found.beside.offered)
            model.error = model.lost = None
            self.facts_read.emit(model)

        def unreadable(error: AdvisorError) -> None:
            model.stamp = stamps[-1]
            if model.facts and model.stamp is None:  # what is gone has not changed
                model.lost = error
                self.changed.emit(model)
            else:
                model.facts = model.lost = None  # what was read before may no longer be so
                self._refuse(model, error)
            self.unreadable.emit(model)

        def work(_report: Report) -> _Read:
            stamps.append(self._answers.models.stamp(files))
            facts = self._answers.models.read(model.path)
            if facts.shards and facts.shards != files:
                stamps.append(self._answers.models.stamp(facts.shards))
            runtime = self._answers.models.runtime_of(model.path)
            found = self._answers.companions.beside(facts, runtime)
            first = facts.shards[0] if facts.shards else model.path
            chosen = remembered.get(first) if before is NOTHING_BESIDE else chosen_files(before.counted)
            if chosen:
                found = self._answers.companions.read_again(facts, chosen, found)
            return _Read(facts, runtime, found)

        self._run(model, work, read, unreadable, lane=lane)

    def hurry(self, model: OpenModel) -> None:
        """Someone wants to see the model: nothing about it waits for its turn."""
        for task in self._under_way.get(model, ()):
            self._tasks.hurry(task)

    def ask_formula(self, model: OpenModel, wishes: Wishes, lane: Lane = Lane.QUICK) -> None:
        """Ask anew, by formula. Older questions are forgotten."""
        facts = model.facts
        if facts is None:
            return

        def answered(answer: Recommendation) -> None:
            model.error = None
            model.engine_problem = None
            model.recommendation = answer
            self.changed.emit(model)
            self.answered.emit(model)

        self.forget(model)
        self._run(
            model,
            lambda _report: self._answers.models.by_formula(facts, wishes),
            answered,
            lambda error: self._refuse(model, error),
            lane=lane,
        )

    def ask_engine(self, model: OpenModel, wishes: Wishes) -> None:
        """Ask the engine to confirm or correct the formula, once a generation."""
        facts = model.facts
        if facts is None or model.recommendation is None or model.asked_generation == model.generation:
            return

        def answered(answer: EngineAnswer) -> None:
            model.is_asking_engine = False
            model.engine_problem = answer.problem
            model.recommendation = answer.recommendation
            self.progress_changed.emit("")
            self.changed.emit(model)
            self.answered.emit(model)

        def failed(error: AdvisorError) -> None:
            model.is_asking_engine = False
            model.engine_problem = error if isinstance(error, EngineError) else None
            self.progress_changed.emit("")
            self.changed.emit(model)

        model.asked_generation = model.generation
        model.is_asking_engine = True
        self.changed.emit(model)
        self._run(
            model,
            lambda report: self._answers.models.by_engine(facts, wishes, report),
            answered,
            failed,
            on_progress=self.progress_changed.emit,
            lane=Lane.ENGINE,
        )

    def draw(self, model: OpenModel) -> None:
        """Compute the chart's curves for what the page shows of the model."""
        recommended, answer = model.recommendation, model.shown
        if answer is None:
            return

        def drawn(curves: ContextCurves) -> None:
            if model.recommendation is recommended:
                model.curves = curves
                self.changed.emit(model)

        def failed(_error: AdvisorError) -> None:
            model.curves = None
            self.changed.emit(model)

        counted = model.beside.counted
        self._run(
            model,
            lambda _report: self._answers.models.curves(answer, counted),
            drawn,
            failed,
            lane=Lane.SEEN,  # when the answer itself has been drawn
        )

    def compare_reserves(self, model: OpenModel) -> None:
        """What each choice of what is kept free would leave of the model's context."""
        answer = model.recommendation
        if answer is None:
            return

        before, counted = model.reserves, model.beside.counted
        model.reserves = LargestByReserve(answer, before.n_ctx if before else {})  # asked once an answer

        def compared(n_ctx: dict[str, int]) -> None:
            if model.recommendation is answer:
                model.reserves = LargestByReserve(answer, n_ctx)
                self.changed.emit(model)

        self._run(
            model,
            lambda _report: self._answers.models.largest_contexts(answer, RESERVES, counted),
            compared,
            lambda _error: None,  # then nothing is said beside the choices
        )

    def forget(self, model: OpenModel) -> None:
        """Start a new generation: cancel what is under way, and drop what still comes of it."""
        model.generation += 1
        if model.is_asking_engine:
            model.is_asking_engine = False
            self.progress_changed.emit("")
        for task in self._under_way.pop(model, []):
            task.cancel()

    def _refuse(self, model: OpenModel, error: AdvisorError) -> None:
        model.recommendation = None
        model.curves = None
        model.error = error
        self.changed.emit(model)

    def _run(
        self,
        model: OpenModel,
        work: Callable[[Report], T],
        on_result: Callable[[T], None],
        on_error: Callable[[AdvisorError], None],
        *,
        on_progress: Callable[[str], None] | None = None,
        lane: Lane = Lane.QUICK,
    ) -> None:
        generation = model.generation

        def if_current(callback: Callable[..., None]) -> Callable[..., None]:
            return lambda value: callback(value) if model.generation == generation else None

        task = self._tasks.run(
            work,
            on_result=if_current(on_result),
            on_error=if_current(on_error),
            on_progress=if_current(on_progress) if on_progress else None,
            lane=lane,
        )
        self._under_way.setdefault(model, []).append(task)
