"""What may be loaded beside a model: the projectors that go with it, and files that the user names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.errors import AdvisorError, ModelFactsError
from advisor.library.company import LOAD_IT_ALWAYS, projectors_of
from advisor.library.names import exists
from advisor.library.places import places_here
from advisor.memory.companions import NO_COMPANIONS, CompanionFormula, Companions, Draft
from advisor.model import read_model
from advisor.model.adapter import read_adapter
from advisor.model.facts import ModelFacts
from advisor.model.projector import read_projector

from ui.session.chosen_files import ChosenFiles
from ui.session.state import Beside


class CompanionAnswers:
    """Reads side files and says whether they go with a model."""

    def beside(self, facts: ModelFacts, runtime: str | None) -> Beside:
        """What goes with a model that was just read. Counted only where its runtime loads it always."""
        found = projectors_of(facts, places_here())
        counted = Companions(projector=found[0]) if found and runtime in LOAD_IT_ALWAYS else NO_COMPANIONS
        return Beside(found, counted)

    def are_there(self, chosen: ChosenFiles) -> bool:
        """Whether none of these files is gone."""
        return all(exists(str(path)) for path in chosen.all)

    def read_again(self, facts: ModelFacts, chosen: ChosenFiles, found: Beside) -> Beside:
        """What was chosen before, without what is gone by now or goes with this model no more."""
        wanted = [(self.with_projector, chosen.projector), (self.with_draft, chosen.draft)]
        wanted += [(self.with_adapter, path) for path in chosen.adapters]
        counted, gone, problem = NO_COMPANIONS, [], None
        for take, path in wanted:
            if path is None:
                continue
            try:
                counted = take(facts, counted, path)
            except AdvisorError as error:
                if error.code == "not-found":
                    gone.append(path)
                else:
                    problem = error
        return replace(found.with_counted(counted), error=problem, gone=tuple(gone))

    def with_projector(self, _facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        """The projector in a file taken in. Raises ModelError."""
        return replace(counted, projector=read_projector(path))

    def with_draft(self, facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        """The draft model in a file taken in. Raises ModelError, and SettingsError for one that cannot."""
        return _checked(replace(counted, draft=Draft(read_model(path))), facts)

    def with_adapter(self, facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        """The LoRA adapter in a file taken in, once. Raises ModelError, and SettingsError for another's."""
        others = tuple(adapter for adapter in counted.adapters if adapter.path != path)
        return _checked(replace(counted, adapters=(*others, read_adapter(path))), facts)

    def with_side_file(self, facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        """The adapter or projector in a file taken in. Raises ModelError and SettingsError."""
        try:
            return self.with_adapter(facts, counted, path)
        except ModelFactsError as error:
            if error.code != "not-an-adapter":
                raise
        return self.with_projector(facts, counted, path)


def _checked(counted: Companions, facts: ModelFacts) -> Companions:
    """The same. Raises SettingsError for a draft that does not write, or an adapter of another model."""
    CompanionFormula(counted, facts, ())
    return counted
