"""What dialogs and pages ask for themselves: nobody else is shown the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.model.facts import ModelFacts
from advisor.recommend.need import Part
from advisor.recommend.result import Recommendation

from ui.charts.chart_layout import ContextCurves
from ui.session.opened import OpenedModels
from ui.session.tasks import Lane, Task, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers


class Asides:
    """Asked in the background, through the one door."""

    def __init__(self, answers: Answers, tasks: Tasks, opened: OpenedModels) -> None:
        self._answers = answers.models
        self._tasks = tasks
        self._opened = opened

    def draw(
        self,
        answers: Iterable[Recommendation],
        on_result: Callable[[tuple[ContextCurves, ...]], None],
    ) -> None:
        """The curves of several answers; nothing where one of them cannot be drawn."""
        wanted = [(answer, self._counted_beside(answer)) for answer in answers]
        self._tasks.run(
            lambda _report: tuple(self._answers.curves(answer, counted) for answer, counted in wanted),
            on_result=on_result,
        )

    def count_file(
        self,
        path: Path,
        facts: ModelFacts,
        *,
        on_result: Callable[[Part], None],
        on_error: Callable[[AdvisorError], None],
        on_progress: Callable[[str], None],
    ) -> Task:
        """The tokens of a text file for a model, in the engine's turn."""
        return self._tasks.run(
            lambda report: self._answers.count_file(path, facts, report),
            on_result=on_result,
            on_error=on_error,
            on_progress=on_progress,
            lane=Lane.ENGINE,
        )

    def _counted_beside(self, answer: Recommendation) -> Companions:
        beside = (model.beside.counted for model in self._opened.all if model.facts is answer.model)
        return next(beside, NO_COMPANIONS)
