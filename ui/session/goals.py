"""The goals that can be chosen: ours, and those of the user's own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, PresetError
from advisor.recommend.goals import own_goal
from advisor.recommend.result import Goal
from advisor.settings.request import Request
from PySide6.QtCore import QObject, Signal

from ui.session.state import OpenModel
from ui.session.tasks import Report, Tasks

if TYPE_CHECKING:  # the window can be built and tested without the whole domain behind it
    from ui.session.answers import Answers
    from ui.session.answers.goals import KnownGoals


class Goals(QObject):
    """What there is to choose from, and the way to change it."""

    changed = Signal()  # which there are, or what one of them asks for

    def __init__(self, answers: Answers, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._answers = answers.goals
        self._tasks = tasks
        self._known = self._answers.known()

    @property
    def all(self) -> dict[str, Goal]:
        """By name."""
        return self._known.all

    @property
    def own(self) -> frozenset[str]:
        """The names of those that can be deleted."""
        return self._known.own

    @property
    def problem(self) -> PresetError | None:
        """Why the user's own goals are not among them."""
        return self._known.problem

    @property
    def default(self) -> Goal:
        return self.all[self._answers.default_goal()]

    def look(self) -> None:
        """Read the user's own file again: it may have been corrected."""
        self._change(lambda: None, lambda _error: None)

    def keep(self, goal: Goal, on_error: Callable[[AdvisorError], None]) -> None:
        """Save a goal as one of the user's own; answers that are made for it are made anew."""
        self._change(lambda: self._answers.keep(goal), on_error)

    def forget(self, name: str, on_error: Callable[[AdvisorError], None]) -> None:
        """Delete one of the user's own goals. One of ours that it had replaced is there again."""
        self._change(lambda: self._answers.forget(name), on_error)

    def _change(self, change: Callable[[], None], on_error: Callable[[AdvisorError], None]) -> None:
        def work(_report: Report) -> KnownGoals:
            change()
            return self._answers.known()

        self._tasks.run(work, on_result=self._changed, on_error=on_error)

    def _changed(self, known: KnownGoals) -> None:
        if known != self._known:
            self._known = known
            self.changed.emit()


def shown_as_goal(name: str, base: Goal, model: OpenModel | None, request: Request | None) -> Goal:
    """What the page shows, as a goal of that name. Raises PresetError and SettingsError."""
    if model is None or model.facts is None or request is None:
        return replace(base, name=name, title=name)
    return own_goal(name, base, request, model.facts)
