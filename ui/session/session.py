"""The window's one mutable state: what is open, what was asked for, what was answered.

Panels read it and say what the user wants; it asks in the background and signals what has changed. Each
model is answered twice: by formula at once, then by the engine, which takes the formula's place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.hardware.device import Hardware
from advisor.recommend.need import Need, requested
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx
from advisor.units import ByteUnits, byte_units, spell_bytes_in
from PySide6.QtCore import QObject, Signal

from ui.session.accompanying import Accompanying
from ui.session.answering import Answering
from ui.session.asides import Asides
from ui.session.choosing import recommended_request
from ui.session.computer import Computer
from ui.session.goals import Goals
from ui.session.library import Library
from ui.session.opened import OpenedModels
from ui.session.opening import Opening
from ui.session.proving import Proving
from ui.session.state import EngineState, OpenModel
from ui.session.tasks import Lane, Tasks
from ui.session.troubles import Troubles
from ui.session.wanted import Wanted
from ui.session.watching import Watching

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers
    from ui.session.exporting import Exporting


class Session(QObject):
    """The parts of the state, what they mean for one another, and the signals that say what is new."""

    hardware_changed = Signal()
    engine_changed = Signal()
    goals_changed = Signal()  # which there are, or what one of them asks for
    wishes_changed = Signal()  # goal, runtime, what is kept free, or what may be on the CPU
    prompt_wanted = Signal()  # someone wants to say what they send
    prompt_changed = Signal()  # how many tokens the user means to send
    models_changed = Signal()  # which are open, in which order
    model_changed = Signal(object)  # OpenModel: something of it is new
    current_changed = Signal()  # another model is shown
    answers_wait = Signal()  # many answers are out of date: each is asked for when it is looked at
    progress_changed = Signal(str)  # what is being asked, empty when nothing is
    proof_changed = Signal(object)  # OpenModel: its proof, or those before

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers = answers
        self._tasks = tasks
        self.troubles = Troubles(self)
        self.goals = Goals(answers, tasks, self)
        self.computer = Computer(answers, tasks, self)
        self.library = Library(answers, tasks, self)
        self.opened = OpenedModels(self)
        self.wanted = Wanted(answers, self.goals, self.opened, self.computer, self)
        self.accompanying = Accompanying(answers, tasks, self)
        self.proving = Proving(answers, tasks, self)
        self.asides = Asides(answers, tasks, self.opened)
        self._answering = Answering(
            *(answers, tasks, self.opened, self.wanted, self.computer, self.accompanying), self
        )
        self._opening = Opening(self.opened, self.accompanying, self._answering, self)
        self._watching = Watching(answers, tasks, lambda: self.models, self)
        self._pass_signals_on()
        self._connect()
        self._goals_known()

    def _pass_signals_on(self) -> None:
        self.computer.hardware_changed.connect(self.hardware_changed)
        self.computer.engine_changed.connect(self.engine_changed)
        self.goals.changed.connect(self.goals_changed)
        self.wanted.changed.connect(self.wishes_changed)
        self.wanted.prompt_changed.connect(self.prompt_changed)
        self.opened.changed.connect(self.models_changed)
        self.opened.current_changed.connect(self.current_changed)
        self.proving.changed.connect(self.proof_changed)
        self.accompanying.refused.connect(self.model_changed)
        self._answering.changed.connect(self.model_changed)
        self._answering.answers_wait.connect(self.answers_wait)
        self._opening.changed.connect(self.model_changed)
        self._answering.progress_changed.connect(self.progress_changed)

    def _connect(self) -> None:
        self.computer.planned_changed.connect(lambda: self.library.judge_on(self.computer.planned))
        self.goals.changed.connect(self._goals_known)
        self.opened.closing.connect(self._closing)
        self.proving.proved.connect(lambda _model: self._answering.ask_anew())
        self._answering.was_read.connect(self._watching.follow)
        self._opening.is_model.connect(self._is_model)
        self._watching.changed.connect(self._answering.read)

    def start(self) -> None:
        """Look at the computer, then at the engine; and for models beside that."""
        self.computer.look()
        self.library.look()

    def close(self) -> bool:
        """Stop the engine and all work. False if something could not be stopped in time."""
        self._opening.stop()
        self._answering.stop()
        self._watching.stop()
        self.computer.stop()
        self.proving.stop()
        self._tasks.cancel_all()
        self._answers.close()
        return self._tasks.close()

    @property
    def is_settled(self) -> bool:
        """True while nothing is asked and nothing waits to be asked."""
        parts = (self._opening, self._answering, self._watching)
        return self._tasks.is_idle and all(part.is_resting for part in parts)

    # --- what is known, by its parts

    @cached_property
    def exporting(self) -> Exporting:
        from ui.session.exporting import Exporting  # all programs' formats: the window is there sooner

        return Exporting(self._answers, self._tasks, self.opened, self.computer, self.library)

    @property
    def models(self) -> list[OpenModel]:
        return self.opened.all

    @property
    def current(self) -> OpenModel | None:
        return self.opened.current

    @property
    def hardware(self) -> Hardware | None:
        return self.computer.hardware

    @property
    def hardware_error(self) -> AdvisorError | None:
        return self.computer.hardware_error

    @property
    def engine(self) -> EngineState:
        return self.computer.engine

    @property
    def asked(self) -> Request | None:
        """What asks for the settings that the page shows."""
        model = self.current
        if model and model.choice:
            return model.choice.request
        return recommended_request(model.recommendation) if model and model.recommendation else None

    @property
    def obstacle(self) -> str:
        """Why the shown model cannot be proved now, empty where it can."""
        return self.proving.obstacle(self.current, self.engine)

    # --- what the user does

    def open_paths(self, paths: Iterable[Path]) -> list[OpenModel]:
        """Open these files and show the first. A projector goes with the first model, or the shown one."""
        return self._opening.open(paths)

    def show_model(self, model: OpenModel) -> None:
        self.opened.show(model)

    def look_at(self, model: OpenModel) -> None:
        """What is known of this model is being shown. Of many, only such are asked about."""
        self._answering.look_at(model)

    def close_model(self, model: OpenModel) -> None:
        """Forget a model; its neighbour is shown if it was."""
        self.opened.close(model)

    def choose(self, request: Request | None) -> None:
        """Show the model at these settings in place of the recommended ones; None: at those again."""
        if self.current:
            self._answering.choose(self.current, request)

    def prove(self) -> None:
        """Prove the shown settings at their limit, if that is possible now."""
        model, request, hardware = self.current, self.asked, self.computer.planned
        if model and request and hardware and not self.obstacle:
            self.proving.start(model, request, hardware, self.computer.reserve)

    def adopt(self, n_ctx: int) -> None:
        """Show the settings that were proved, with this context of the engine's."""
        model = self.current
        if model and model.proof and model.proof.proved:
            settings = replace(model.proof.proved.result.settings, n_ctx=n_ctx)
            request = model.proof.request
            self._answering.choose(model, replace(request, n_ctx=asked_n_ctx(request, settings)))

    def use_need(self, need: Need) -> None:
        """Show the model with a context that holds this, and its prompt in the memory bar."""
        model, request = self.current, self.asked
        if model and model.facts and request:
            self.wanted.set_prompt(need.prompt_tokens)
            self.choose(requested(need, replace(request, n_ctx=None), model.facts))

    def look_again(self) -> None:
        """Look at the computer, the engine, the shown file and the goals anew."""
        if self.current:
            self._answering.read(self.current)
        self.goals.look()
        self.computer.look()
        self.library.look()

    def spell_bytes_in(self, units: ByteUnits) -> None:
        """Sizes are spelled in these units from now on: what stands there, and what is said in sentences."""
        if units is not byte_units():
            spell_bytes_in(units)
            self.hardware_changed.emit()
            self.computer.say_anew()

    def notice_changes(self) -> None:
        """The user came back: see what is another by now, unless something is being asked."""
        if self.is_settled:
            self._watching.look()
            for model in self.models:
                self.accompanying.look(model)
            self.computer.look_at_devices()

    def compare_reserves(self, model: OpenModel) -> None:
        """Say what each choice of what is kept free would cost, if that is not known for this answer."""
        self._answering.compare_reserves(model)

    # --- what follows from what

    def _is_model(self, model: OpenModel) -> None:
        self.model_changed.emit(model)
        self.proving.look_back(model, Lane.QUICK if model is self.current else Lane.LATER)
        if model is self.current and model.runtime:
            self.wishes_changed.emit()
        self._answering.ask(model)

    def _closing(self, model: OpenModel) -> None:
        if self.proving.running is model:
            self.proving.stop()
        self._answering.forget(model)
        self.accompanying.forget(model)
        self._watching.leave(model)

    def _goals_known(self) -> None:
        self.troubles.say("goals", self.goals.problem)
