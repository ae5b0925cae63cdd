"""Every question that the window asks of the domain, one module a kind of question, and without Qt.

All methods but `ModelAnswers.estimate` may take a while and are called on a background thread; those of
the engine are called one after the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from advisor.engine.client import EngineClient

from ui.session.answers.companions import CompanionAnswers
from ui.session.answers.computer import ComputerAnswers
from ui.session.answers.goals import GoalAnswers
from ui.session.answers.library import LibraryAnswers
from ui.session.answers.model import ModelAnswers
from ui.session.answers.proof import ProofAnswers

if TYPE_CHECKING:
    from ui.session.exports import Exports


class Answers:
    """The domain, as the window sees it."""

    def __init__(self, client: EngineClient | None = None) -> None:
        self.goals = GoalAnswers()
        self.computer = ComputerAnswers(client)
        self.models = ModelAnswers(self.computer)
        self.companions = CompanionAnswers()
        self.library = LibraryAnswers()
        self.proofs = ProofAnswers(self.computer)

    @cached_property
    def exports(self) -> Exports:
        from ui.session.exports import Exports  # all programs' formats: the window is there sooner

        return Exports()

    def close(self) -> None:
        """End all child processes, also in the middle of a question."""
        self.library.close()
        self.computer.close()
