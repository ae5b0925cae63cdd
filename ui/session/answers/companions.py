"""What may be loaded beside a model: the projectors that go with it, and files that the user names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.errors import ModelError
from advisor.hardware.device import Hardware
from advisor.library.company import LOAD_IT_ALWAYS, projectors_of
from advisor.library.places import places_here
from advisor.memory.companions import NO_COMPANIONS, Companions, Draft
from advisor.model import read_model
from advisor.model.facts import ModelFacts
from advisor.model.projector import read_projector

from ui.session.answers.computer import ComputerAnswers
from ui.session.state import Beside


class CompanionAnswers:
    """Reads side files and says whether they go with a model."""

    def __init__(self, computer: ComputerAnswers) -> None:
        self._computer = computer

    def beside(self, facts: ModelFacts, runtime: str | None) -> Beside:
        """What goes with a model that was just read. Counted only where its runtime loads it always."""
        found = projectors_of(facts, places_here())
        counted = Companions(projector=found[0]) if found and runtime in LOAD_IT_ALWAYS else NO_COMPANIONS
        return Beside(found, counted)

    def still_there(self, before: Beside, found: Beside) -> Beside:
        """What was chosen before the model was read again, without what is gone by now."""
        counted, problem = before.counted, None
        if counted.projector:
            try:
                counted = replace(counted, projector=read_projector(counted.projector.path))
            except ModelError as error:
                counted, problem = replace(counted, projector=None), error
        if counted.draft and counted.draft.facts.path:
            try:
                counted = replace(counted, draft=Draft(read_model(counted.draft.facts.path)))
            except ModelError as error:
                counted, problem = replace(counted, draft=None), error
        return Beside(found.offered, counted, problem)

    def with_projector(self, counted: Companions, path: Path) -> Companions:
        """The projector in a file taken in. Raises ModelError."""
        return replace(counted, projector=read_projector(path))

    def with_draft(
        self, facts: ModelFacts, hardware: Hardware, counted: Companions, path: Path
    ) -> Companions:
        """The draft model in a file taken in. Raises ModelError, and SettingsError for one that cannot."""
        wanted = replace(counted, draft=Draft(read_model(path)))
        self._computer.planner(facts, hardware, wanted)  # says no where it does not write text
        return wanted
