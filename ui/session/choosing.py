"""The user's own settings: answered by formula while they change, and by the engine when they rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.recommend.result import Recommendation
from advisor.settings.asking import request_of
from advisor.settings.request import Request
from PySide6.QtCore import QObject, QTimer, Signal

from ui.session.state import Choice, EnginePlan, OpenModel, Surroundings
from ui.session.tasks import Lane, Task, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

T = TypeVar("T")

REST_MS = 300  # a slider that has not moved for so long has arrived


class Choosing(QObject):
    """Writes the choice into the model, and asks about it in the background once it rests."""

    changed = Signal(object)  # OpenModel
    rested = Signal(object)  # OpenModel: its chart is to be drawn for what is shown now

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers
        self._tasks = tasks
        self._under_way: list[Task] = []
        self._resting: tuple[OpenModel, Hardware, bool] | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._rested)

    @property
    def is_resting(self) -> bool:
        """False while a choice waits to be asked about."""
        return not self._rest.isActive()

    def stop(self) -> None:
        self._rest.stop()
        self._cancel()

    def choose(
        self, model: OpenModel, request: Request | None, hardware: Hardware, *, has_engine: bool
    ) -> None:
        """Show these settings in place of the recommended ones; None: the recommended ones again."""
        answer = model.recommendation
        if answer is None:
            return
        model.choice_error = None
        if request is None or request == recommended_request(answer):
            self._forget(model)
            return
        try:
            plan = self._answers.models.estimate(answer.model, hardware, request, model.beside.counted)
        except AdvisorError as error:
            model.choice_error = error
            self.changed.emit(model)
            return
        self._cancel()
        if plan.settings == answer.plan.settings:
            self._forget(model)
            return
        model.choice = Choice(request, hardware, plan, model.beside.counted)
        self._resting = model, hardware, has_engine
        self._rest.start()
        self.changed.emit(model)

    def _forget(self, model: OpenModel) -> None:
        self._rest.stop()
        self._cancel()
        had_one = model.choice is not None
        model.choice = None
        self.changed.emit(model)
        if had_one:
            self.rested.emit(model)

    def _rested(self) -> None:
        if self._resting is None:
            return
        (model, hardware, has_engine), self._resting = self._resting, None
        choice, answer = model.choice, model.recommendation
        if choice is None or answer is None:
            return
        facts, request, counted = answer.model, choice.request, choice.companions

        def surrounded(found: Surroundings) -> None:
            self._update(model, request, n_ctx_safe=found.n_ctx_safe, speed=found.speed)

        def confirmed(found: EnginePlan) -> None:
            self._update(model, request, plan=found.plan, is_asking_engine=False)

        self._run(
            lambda: self._answers.models.around(facts, hardware, request, counted),
            surrounded,
            lambda _error: None,
            Lane.QUICK,
        )
        self.rested.emit(model)
        if has_engine:
            self._update(model, request, is_asking_engine=True)
            self._run(
                lambda: self._answers.models.confirm(facts, hardware, request, counted),
                confirmed,
                lambda _error: self._update(model, request, is_asking_engine=False),
                Lane.ENGINE,
            )

    def _update(self, model: OpenModel, request: Request, **known: object) -> None:
        """Add what has become known, unless something else has been chosen meanwhile."""
        if model.choice and model.choice.request == request:
            model.choice = replace(model.choice, **known)
            self.changed.emit(model)

    def _cancel(self) -> None:
        for task in self._under_way:
            task.cancel()
        self._under_way.clear()

    def _run(
        self,
        work: Callable[[], T],
        on_result: Callable[[T], None],
        on_error: Callable[[AdvisorError], None],
        lane: Lane,
    ) -> None:
        task = self._tasks.run(lambda _report: work(), on_result=on_result, on_error=on_error, lane=lane)
        self._under_way.append(task)


def recommended_request(answer: Recommendation) -> Request:
    """What asks for the recommended settings."""
    return request_of(answer.settings, answer.model)
