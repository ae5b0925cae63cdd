"""What can be wished for: the goals, ours and the user's own, and the runtimes."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import PresetError
from advisor.recommend.goals import (
    DEFAULT_GOAL,
    delete_goal,
    load_goals,
    own_goals,
    save_goal,
    shipped_goals,
)
from advisor.recommend.result import Goal
from advisor.settings.runtimes import DEFAULT_RUNTIME, RUNTIMES


@dataclass(frozen=True, slots=True)
class KnownGoals:
    """All goals by name, and which of them the user can delete.

    `problem` says why those of the user are not among them.
    """

    all: dict[str, Goal]
    own: frozenset[str] = frozenset()
    problem: PresetError | None = None


class GoalAnswers:
    """The goals' files, and what the runtimes are called."""

    def known(self) -> KnownGoals:
        """Ours alone where the user's own file cannot be read: it is left as it is. Raises PresetError."""
        try:
            return KnownGoals(load_goals(), own_goals())
        except PresetError as error:
            hint = f"{error.hint} Until then there are only the goals that come with the program."
            return KnownGoals(shipped_goals(), problem=PresetError(error.message, hint=hint, code=error.code))

    def keep(self, goal: Goal) -> None:
        """Raises PresetError."""
        save_goal(goal)

    def forget(self, name: str) -> None:
        """Raises PresetError."""
        delete_goal(name)

    def default_goal(self) -> str:
        return DEFAULT_GOAL

    def runtimes(self) -> dict[str, str]:
        """Titles by name."""
        return {name: runtime.title for name, runtime in RUNTIMES.items()}

    def default_runtime(self) -> str:
        return DEFAULT_RUNTIME
