"""The window's one mutable state: what is open, what was asked for, what was answered.

Panels read it and say what the user wants; it asks in the background and signals what has changed. Each
model is answered twice: by formula at once, then by the engine, which takes the formula's place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.export.prepare import Prepared
from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.goals import own_goal
from advisor.recommend.need import Need, Part, requested
from advisor.recommend.result import Goal, Recommendation
from advisor.settings.request import Request
from advisor.settings.runtimes import asked_n_ctx
from PySide6.QtCore import QObject, QTimer, Signal

from ui.charts.chart_layout import ContextCurves
from ui.session.choosing import Choosing, recommended_request
from ui.session.computer import Computer
from ui.session.engine_choice import EngineChoice
from ui.session.inquiry import Inquiry
from ui.session.library import Library
from ui.session.proving import Proving
from ui.session.reserve_choices import AUTOMATIC, RESERVES
from ui.session.state import EngineState, EngineStatus, ExportWish, OpenModel, Wishes
from ui.session.tasks import Lane, Report, Task, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers

_REST_MS = 50  # several changes within this time are one question


class Session(QObject):
    """State, and the signals that say which part of it is new."""

    hardware_changed = Signal()
    engine_changed = Signal()
    goals_changed = Signal()  # which there are, or what one of them asks for
    wishes_changed = Signal()  # goal, runtime, what is kept free, or what may be on the CPU
    prompt_wanted = Signal()  # someone wants to say what they send
    prompt_changed = Signal()  # how many tokens the user means to send
    models_changed = Signal()  # which are open, in which order
    model_changed = Signal(object)  # OpenModel: something of it is new
    current_changed = Signal()  # another model is shown
    progress_changed = Signal(str)  # what is being asked, empty when nothing is
    proof_changed = Signal(object)  # OpenModel: its proof, or those before

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers = answers
        self._tasks = tasks
        self.goals: dict[str, Goal] = answers.goals()
        self.runtimes: dict[str, str] = answers.runtimes()
        self.own_goals: frozenset[str] = answers.own_goals()  # these can be deleted
        self.goal: Goal = self.goals[answers.default_goal()]
        self.remembered_runtime: str = answers.default_runtime()
        self.gpu_only = False
        self.n_prompt: int | None = None  # tokens that the user means to send
        self.reserve = AUTOMATIC
        self.engine_choice = EngineChoice()
        self.model_folders: tuple[Path, ...] = ()
        self._is_started = False
        self.computer = Computer(answers, tasks, self)
        self.computer.hardware_changed.connect(self.hardware_changed)
        self.computer.engine_changed.connect(self.engine_changed)
        self.library = Library(answers, tasks, self)
        self.computer.planned_changed.connect(lambda: self.library.judge_on(self.computer.planned))
        self.models: list[OpenModel] = []
        self.current: OpenModel | None = None
        self._inquiry = Inquiry(answers, tasks, self)
        self._inquiry.facts_read.connect(self._facts_read)
        self._inquiry.answered.connect(self._answered)
        self._inquiry.changed.connect(self.model_changed)
        self._inquiry.progress_changed.connect(self.progress_changed)
        self._choosing = Choosing(answers, tasks, self)
        self._choosing.changed.connect(self.model_changed)
        self._choosing.rested.connect(self._inquiry.draw)
        self.proving = Proving(answers, tasks, self)
        self.proving.changed.connect(self.proof_changed)
        self.proving.proved.connect(lambda _model: self._learned())
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._ask_for_all)
        self.computer.planned_changed.connect(self._rest.start)

    def start(self) -> None:
        """Look at the computer, then at the engine; and for models beside that."""
        self._is_started = True
        self.computer.look()
        self.library.look()

    def close(self) -> bool:
        """Stop the engine and all work. False if something could not be stopped in time."""
        self._rest.stop()
        self._choosing.stop()
        self.computer.stop()
        self.proving.stop()
        self._tasks.cancel_all()
        self._answers.close()
        return self._tasks.close()

    @property
    def is_settled(self) -> bool:
        """True while nothing is asked and nothing waits to be asked."""
        return self._tasks.is_idle and not self._rest.isActive() and self._choosing.is_resting

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
        if self.proving.running is model:
            self.proving.stop()
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

    @property
    def runtime(self) -> str:
        """The shown model's, else the one that was chosen last."""
        return (self.current and self.current.runtime) or self.remembered_runtime

    @property
    def asked(self) -> Request | None:
        """What asks for the settings that the page shows."""
        model = self.current
        if model and model.choice:
            return model.choice.request
        return recommended_request(model.recommendation) if model and model.recommendation else None

    def choose(self, request: Request | None) -> None:
        """Show the model at these settings in place of the recommended ones; None: at those again."""
        if self.current:
            self._choose(self.current, request)

    def prove(self) -> None:
        """Prove the shown settings at their limit, if that is possible now."""
        model, request, hardware = self.current, self.asked, self.computer.planned
        if model and request and hardware and not self.obstacle:
            self.proving.start(model, request, hardware, self.computer.reserve)

    @property
    def obstacle(self) -> str:
        """Why the shown model cannot be proved now, empty where it can."""
        return self.proving.obstacle(self.current, self.engine)

    def adopt(self, n_ctx: int) -> None:
        """Show the settings that were proved, with this context of the engine's."""
        model = self.current
        if model and model.proof and model.proof.proved:
            settings = replace(model.proof.proved.result.settings, n_ctx=n_ctx)
            request = model.proof.request
            self._choose(model, replace(request, n_ctx=asked_n_ctx(request, settings)))

    def export(
        self,
        wanted: ExportWish,
        on_result: Callable[[Prepared], None],
        on_error: Callable[[AdvisorError], None],
    ) -> None:
        """The shown settings in a runtime's own words, in the background."""
        model, hardware = self.current, self.computer.planned
        if model is None or model.facts is None or model.plan is None or hardware is None:
            return
        facts, settings = model.facts, model.plan.settings
        named = replace(wanted, name=self.library.name_of(model.path, wanted.runtime))
        self._tasks.run(
            lambda _report: self._answers.export(facts, hardware, settings, named),
            on_result=on_result,
            on_error=on_error,
        )

    def draw(
        self,
        answers: tuple[Recommendation, ...],
        on_result: Callable[[tuple[ContextCurves, ...]], None],
    ) -> None:
        """The curves of several answers, in the background; nothing where one cannot be drawn."""
        self._tasks.run(
            lambda _report: tuple(self._answers.curves(answer) for answer in answers),
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

    def use_need(self, need: Need) -> None:
        """Show the model with a context that holds this, and its prompt in the memory bar."""
        model, request = self.current, self.asked
        if model and model.facts and request:
            self.set_prompt(need.prompt_tokens)
            self.choose(requested(need, replace(request, n_ctx=None), model.facts))

    def set_gpu_only(self, gpu_only: bool) -> None:
        """Whether the recommendation may put anything on the CPU that belongs on a GPU."""
        if gpu_only != self.gpu_only:
            self.gpu_only = gpu_only
            self.wishes_changed.emit()
            self._rest.start()

    def set_prompt(self, n_tokens: int | None) -> None:
        """How many tokens the user means to send, None where that is not said."""
        if n_tokens != self.n_prompt:
            self.n_prompt = n_tokens
            self.prompt_changed.emit()

    def set_goal(self, name: str) -> None:
        """Ask for another goal. A name that does not exist (any more) changes nothing."""
        goal = self.goals.get(name)
        if goal and goal != self.goal:
            self.goal = goal
            self._forget_choices(self.models)
            self.wishes_changed.emit()
            self._rest.start()

    def set_runtime(self, name: str) -> None:
        """Ask for another runtime. Where the shown file belongs to one, only this model changes."""
        if name in self.runtimes and name != self.runtime:
            if self.current and self.current.runtime:
                self.current.runtime = name
                self._forget_choices([self.current])
            else:
                self.remembered_runtime = name
                self._forget_choices([model for model in self.models if not model.runtime])
            self.wishes_changed.emit()
            self._rest.start()

    def set_reserve(self, name: str) -> None:
        if name in RESERVES and name != self.reserve:
            self.reserve = name
            self.computer.set_reserve(RESERVES[name])
            self.wishes_changed.emit()

    def set_engine(self, choice: EngineChoice) -> None:
        """Ask another engine from now on."""
        if choice != self.engine_choice:
            self.engine_choice = choice
            self._answers.use_engine(choice.launch)
            if self._is_started:
                self.computer.look()

    def set_model_folders(self, folders: Iterable[Path]) -> None:
        """Look for models in these folders, too."""
        wanted = tuple(dict.fromkeys(folders))
        if wanted != self.model_folders:
            self.model_folders = wanted
            self._answers.use_folders(wanted)
            if self._is_started:
                self.library.look()

    def keep_goal(self, goal: Goal, on_error: Callable[[AdvisorError], None]) -> None:
        """Save a goal as one of the user's own; answers that are made for it are made anew."""
        self._change_goals(lambda: self._answers.keep_goal(goal), on_error)

    def forget_goal(self, name: str, on_error: Callable[[AdvisorError], None]) -> None:
        """Delete one of the user's own goals. One of ours that it had replaced is there again."""
        self._change_goals(lambda: self._answers.forget_goal(name), on_error)

    def wishes_as_goal(self, name: str) -> Goal:
        """What the page shows, as a goal of that name. Raises PresetError and SettingsError."""
        model, request = self.current, self.asked
        if model is None or model.facts is None or request is None:
            return replace(self.goal, name=name, title=name)
        return own_goal(name, self.goal, request, model.facts)

    def look_again(self) -> None:
        """Look at the computer, the engine and the shown file anew."""
        if self.current:
            self._inquiry.read(self.current)
        self.computer.look()
        self.library.look()

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

    def _change_goals(self, change: Callable[[], None], on_error: Callable[[AdvisorError], None]) -> None:
        def work(_report: Report) -> tuple[dict[str, Goal], frozenset[str]]:
            change()
            return self._answers.goals(), self._answers.own_goals()

        def changed(goals: tuple[dict[str, Goal], frozenset[str]]) -> None:
            self.goals, self.own_goals = goals
            self.goals_changed.emit()
            self.set_goal(self.goal.name if self.goal.name in self.goals else self._answers.default_goal())

        self._tasks.run(work, on_result=changed, on_error=on_error)

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
        self.proving.look_back(model)
        if model is self.current and model.runtime:
            self.wishes_changed.emit()
        wishes = self._wishes(model)
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

    def _wishes(self, model: OpenModel) -> Wishes | None:
        hardware = self.computer.planned
        runtime = model.runtime or self.remembered_runtime
        return Wishes(hardware, self.goal, runtime, self.gpu_only) if hardware else None

    def _ask_for_all(self) -> None:
        for model in sorted(self.models, key=lambda m: m is not self.current):
            wishes = self._wishes(model)
            if wishes:
                self._inquiry.ask_formula(model, wishes)

    def _learned(self) -> None:
        """What a proof taught changes every answer, and the user's own settings with them."""
        self._ask_for_all()
        for model in self.models:
            if model.choice:
                self._choose(model, model.choice.request)

    def _forget_choices(self, models: Iterable[OpenModel]) -> None:
        """Another goal or runtime is another question: its own recommendation is shown."""
        for model in models:
            model.choice = model.choice_error = None

    def _choose(self, model: OpenModel, request: Request | None) -> None:
        hardware = self.computer.planned
        if hardware:
            has_engine = self.engine.status is EngineStatus.READY
            self._choosing.choose(model, request, hardware, has_engine=has_engine)

    def _answered(self, model: OpenModel) -> None:
        if model.choice and model.choice.hardware is not self.computer.planned:
            self._choose(model, model.choice.request)  # other hardware: the same settings, counted anew
        if model is self.current:
            self._inquiry.draw(model)
            self._ask_engine(model)
        else:
            model.curves = None

    def _ask_engine(self, model: OpenModel) -> None:
        wishes = self._wishes(model)
        if wishes and self.engine.status is EngineStatus.READY:
            self._inquiry.ask_engine(model, wishes)
