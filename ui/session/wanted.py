"""What the user wants of every answer: goal, runtime, what is kept free, the GPU alone, the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.hardware.device import Hardware
from advisor.recommend.result import Goal
from PySide6.QtCore import QObject, Signal

from ui.session.computer import Computer
from ui.session.goals import Goals
from ui.session.opened import OpenedModels
from ui.session.reserve_choices import AUTOMATIC, RESERVES
from ui.session.state import OpenModel, Wishes

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers


class Wanted(QObject):
    """The wishes, and what a change of them makes invalid. A name that does not exist changes nothing."""

    changed = Signal()  # anything but the prompt
    prompt_changed = Signal()
    answers_outdated = Signal()  # they are to be asked for anew

    def __init__(
        self, answers: Answers, goals: Goals, opened: OpenedModels, computer: Computer, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._goals = goals
        self._opened = opened
        self._computer = computer
        self.runtimes: dict[str, str] = answers.goals.runtimes()
        self.goal: Goal = goals.default
        self._missing_goal = ""  # one of the user's own, which may be there again
        self.remembered_runtime: str = answers.goals.default_runtime()
        self.gpu_only = False
        self.n_prompt: int | None = None  # tokens that the user means to send
        self.reserve = AUTOMATIC
        goals.changed.connect(self._goals_changed)

    @property
    def runtime(self) -> str:
        """The shown model's, else the one that was chosen last."""
        current = self._opened.current
        return (current and current.runtime) or self.remembered_runtime

    def of(self, model: OpenModel, hardware: Hardware) -> Wishes:
        """What an answer for this model depends on."""
        runtime = model.runtime or self.remembered_runtime
        return Wishes(hardware, self.goal, runtime, self.gpu_only, model.beside.counted)

    @property
    def remembered_goal(self) -> str:
        """The chosen goal's name, also while the user's own goals cannot be read."""
        return self._missing_goal or self.goal.name

    def set_goal(self, name: str) -> None:
        goal = self._goals.all.get(name)
        self._missing_goal = name if goal is None and self._goals.problem else ""
        if goal and goal != self.goal:
            self.goal = goal
            self._opened.forget_choices()
            self._tell()

    def set_runtime(self, name: str) -> None:
        """Ask for another runtime. Where the shown file belongs to one, only this model changes."""
        if name in self.runtimes and name != self.runtime:
            current = self._opened.current
            if current and current.runtime:
                current.runtime = name
                self._opened.forget_choices([current])
            else:
                self.remembered_runtime = name
                self._opened.forget_choices(model for model in self._opened.all if not model.runtime)
            self._tell()

    def set_reserve(self, name: str) -> None:
        if name in RESERVES and name != self.reserve:
            self.reserve = name
            self._computer.set_reserve(RESERVES[name])
            self.changed.emit()

    def set_gpu_only(self, gpu_only: bool) -> None:
        """Whether the recommendation may put anything on the CPU that belongs on a GPU."""
        if gpu_only != self.gpu_only:
            self.gpu_only = gpu_only
            self._tell()

    def set_prompt(self, n_tokens: int | None) -> None:
        """How many tokens the user means to send, None where that is not said."""
        if n_tokens != self.n_prompt:
            self.n_prompt = n_tokens
            self.prompt_changed.emit()

    def _goals_changed(self) -> None:
        """The chosen goal may ask for something else by now, be gone, or be there again."""
        wanted = self.remembered_goal
        if wanted not in self._goals.all and not self._goals.problem:
            wanted = self._goals.default.name
        self.set_goal(wanted)

    def _tell(self) -> None:
        self.changed.emit()
        self.answers_outdated.emit()
