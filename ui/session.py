"""The window's one mutable state: what is open, what was asked for, what was answered.

Panels read it and say what the user wants; it asks in the background and signals what has changed. Each
model is answered twice: by formula at once, then by the engine, which takes the formula's place.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.recommend.result import Goal
from PySide6.QtCore import QObject, QTimer, Signal

from ui.computer import Computer
from ui.inquiry import Inquiry
from ui.reserve_choices import AUTOMATIC, RESERVES
from ui.state import EngineState, EngineStatus, OpenModel, Wishes
from ui.tasks import Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.answers import Answers

_REST_MS = 50  # several changes within this time are one question


class Session(QObject):
    """State, and the signals that say which part of it is new."""

    hardware_changed = Signal()
    engine_changed = Signal()
    wishes_changed = Signal()  # goal, runtime or what is kept free
    models_changed = Signal()  # which are open, in which order
    model_changed = Signal(object)  # OpenModel: something of it is new
    current_changed = Signal()  # another model is shown
    progress_changed = Signal(str)  # what is being asked, empty when nothing is

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers = answers
        self._tasks = tasks
        self.goals: dict[str, Goal] = answers.goals()
        self.runtimes: dict[str, str] = answers.runtimes()
        self.goal: Goal = self.goals[answers.default_goal()]
        self.runtime: str = answers.default_runtime()
        self.reserve = AUTOMATIC
        self.computer = Computer(answers, tasks, self)
        self.computer.hardware_changed.connect(self.hardware_changed)
        self.computer.engine_changed.connect(self.engine_changed)
        self.models: list[OpenModel] = []
        self.current: OpenModel | None = None
        self._inquiry = Inquiry(answers, tasks, self)
        self._inquiry.facts_read.connect(self._facts_read)
        self._inquiry.answered.connect(self._answered)
        self._inquiry.changed.connect(self.model_changed)
        self._inquiry.progress_changed.connect(self.progress_changed)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._ask_for_all)
        self.computer.planned_changed.connect(self._rest.start)

    def start(self) -> None:
        """Look at the computer, then at the engine."""
        self.computer.look()

    def close(self) -> bool:
        """Stop the engine and all work. False if something could not be stopped in time."""
        self._rest.stop()
        self.computer.stop()
        self._tasks.cancel_all()
        self._answers.close()
        return self._tasks.close()

    @property
    def is_settled(self) -> bool:
        """True while nothing is asked and nothing waits to be asked."""
        return self._tasks.is_idle and not self._rest.isActive()

    # --- what the user wants

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Open these files and show the first. One that is open already is shown, not read again."""
        opened = [self._open(path.absolute()) for path in paths]
        if opened:
            self.show_model(opened[0])

    def show_model(self, model: OpenModel) -> None:
        if model is not self.current:
            self.current = model
            self.current_changed.emit()
        if model.curves is None:
            self._inquiry.draw(model)
        self._ask_engine(model)

    def close_model(self, model: OpenModel) -> None:
        """Forget a model; its neighbour is shown if it was."""
        self._inquiry.forget(model)
        index = self.models.index(model)
        self.models.remove(model)
        self.models_changed.emit()
        if model is self.current:
            left = self.models[index : index + 1] or self.models[-1:]
            self.current = None
            if left:
                self.show_model(left[0])
            else:
                self.current_changed.emit()

    def set_goal(self, name: str) -> None:
        """Ask for another goal. A name that does not exist (any more) changes nothing."""
        goal = self.goals.get(name)
        if goal and goal != self.goal:
            self.goal = goal
            self.wishes_changed.emit()
            self._rest.start()

    def set_runtime(self, name: str) -> None:
        if name in self.runtimes and name != self.runtime:
            self.runtime = name
            self.wishes_changed.emit()
            self._rest.start()

    def set_reserve(self, name: str) -> None:
        if name in RESERVES and name != self.reserve:
            self.reserve = name
            self.computer.set_reserve(RESERVES[name])
            self.wishes_changed.emit()

    def look_again(self) -> None:
        """Look at the computer, the engine and the shown file anew."""
        if self.current:
            self._inquiry.read(self.current)
        self.computer.look()

    def notice_changes(self) -> None:
        """The user came back: see what other programs hold now, unless something is being asked."""
        if self.is_settled:
            self.computer.look_at_devices()

    def compare_reserves(self, model: OpenModel) -> None:
        """Say what each choice of what is kept free would cost, if that is not known for this answer."""
        known = model.reserves
        if model.recommendation and (known is None or known.answer is not model.recommendation):
            self._inquiry.compare_reserves(model)

    # --- the computer and the engine, as `computer` knows them

    @property
    def hardware(self) -> Hardware | None:
        return self.computer.hardware

    @property
    def hardware_error(self) -> AdvisorError | None:
        return self.computer.hardware_error

    @property
    def engine(self) -> EngineState:
        return self.computer.engine

    # --- the models

    def _open(self, path: Path) -> OpenModel:
        for known in self.models:
            if path == known.path or (known.facts and path in known.facts.shards):
                return known
        model = OpenModel(path)
        self.models.append(model)
        self.models_changed.emit()
        self._inquiry.read(model)
        return model

    def _facts_read(self, model: OpenModel) -> None:
        twin = self._twin(model)
        if twin:
            if model is self.current:
                self.show_model(twin)
            self.close_model(model)
            return
        self.model_changed.emit(model)
        wishes = self._wishes()
        if wishes:
            self._inquiry.ask_formula(model, wishes)

    def _twin(self, model: OpenModel) -> OpenModel | None:
        """The open model that this file is another shard of."""
        shards = model.facts.shards if model.facts else ()
        return next(
            (
                other
                for other in self.models
                if other is not model and shards and other.facts and other.facts.shards == shards
            ),
            None,
        )

    def _wishes(self) -> Wishes | None:
        hardware = self.computer.planned
        return Wishes(hardware, self.goal, self.runtime) if hardware else None

    def _ask_for_all(self) -> None:
        wishes = self._wishes()
        if wishes:
            for model in sorted(self.models, key=lambda m: m is not self.current):
                self._inquiry.ask_formula(model, wishes)

    def _answered(self, model: OpenModel) -> None:
        if model is self.current:
            self._inquiry.draw(model)
            self._ask_engine(model)
        else:
            model.curves = None

    def _ask_engine(self, model: OpenModel) -> None:
        wishes = self._wishes()
        if wishes and self.engine.status is EngineStatus.READY:
            self._inquiry.ask_engine(model, wishes)
