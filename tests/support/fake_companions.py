"""The hand-made domain's files that are loaded beside a model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from advisor.errors import AdvisorError, GgufError
from advisor.library.company import LOAD_IT_ALWAYS
from advisor.memory.companions import NO_COMPANIONS, Companions, Draft
from advisor.model.adapter import Adapter
from advisor.model.facts import ModelFacts
from advisor.model.projector import Projector
from ui.session.chosen_files import ChosenFiles
from ui.session.state import Beside


@dataclass
class FakeCompanions:
    """As `ui.session.answers.companions`. `asked` is the whole domain's."""

    asked: list[str]
    projectors: dict[str, tuple[Projector, ...]] = field(default_factory=dict)  # beside which file name
    side_files: dict[str, Projector | Draft | Adapter | AdvisorError] = field(default_factory=dict)  # by name

    def beside(self, facts: ModelFacts, runtime: str | None) -> Beside:
        found = self.projectors.get(facts.path.name if facts.path else "", ())
        counted = Companions(projector=found[0]) if found and runtime in LOAD_IT_ALWAYS else NO_COMPANIONS
        return Beside(found, counted)

    def are_there(self, chosen: ChosenFiles) -> bool:
        return all(path.name in self.side_files for path in chosen.all)

    def read_again(self, facts: ModelFacts, chosen: ChosenFiles, found: Beside) -> Beside:
        self.asked.append(f"read again beside {facts.path.name if facts.path else ''}")
        counted, gone = NO_COMPANIONS, []
        for take, path in (
            (self.with_projector, chosen.projector),
            (self.with_draft, chosen.draft),
            *((self.with_adapter, path) for path in chosen.adapters),
        ):
            if path and path.name in self.side_files:
                counted = take(facts, counted, path)
            elif path:
                gone.append(path)
        return replace(found.with_counted(counted), gone=tuple(gone))

    def with_projector(self, _facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        return replace(counted, projector=self._side_file(path))

    def with_draft(self, _facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        return replace(counted, draft=self._side_file(path))

    def with_adapter(self, _facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        return replace(counted, adapters=(*counted.adapters, self._side_file(path)))

    def with_side_file(self, facts: ModelFacts, counted: Companions, path: Path) -> Companions:
        is_adapter = isinstance(self.side_files.get(path.name), Adapter)
        return (self.with_adapter if is_adapter else self.with_projector)(facts, counted, path)

    def _side_file(self, path: Path) -> Projector | Draft | Adapter:
        self.asked.append(f"read {path.name}")
        found = self.side_files.get(path.name) or GgufError(f"{path.name} is not there.", hint="Look again.")
        if isinstance(found, AdvisorError):
            raise found
        return found
