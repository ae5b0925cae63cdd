"""Which files go with a model by the user's own choice: what is remembered of it between runs. No Qt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.memory.companions import Companions


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """By their paths. None, and no adapters, for what is not to be loaded."""

    projector: Path | None = None
    draft: Path | None = None
    adapters: tuple[Path, ...] = ()

    @property
    def all(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.projector, self.draft, *self.adapters) if path)


def chosen_files(counted: Companions) -> ChosenFiles:
    """The files behind what is counted."""
    return ChosenFiles(
        counted.projector.path if counted.projector else None,
        counted.draft.facts.path if counted.draft else None,
        tuple(adapter.path for adapter in counted.adapters),
    )


def as_text(chosen: Mapping[Path, ChosenFiles]) -> str:
    """What was chosen for each model file, as ASCII: a path may hold what is no valid text."""
    return json.dumps(
        [
            [str(model), _name(it.projector), _name(it.draft), [str(path) for path in it.adapters]]
            for model, it in chosen.items()
        ]
    )


def from_text(text: str) -> dict[Path, ChosenFiles]:
    """The same from its text, in the same order; without what is no such entry."""
    try:
        entries = json.loads(text)
    except ValueError:
        return {}
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case [str(model), str(projector), str(draft), [*adapters]] if model and all(
                isinstance(path, str) and path for path in adapters
            ):
                found[Path(model)] = ChosenFiles(
                    _path(projector), _path(draft), tuple(Path(path) for path in adapters)
                )
    return found


def _name(path: Path | None) -> str:
    return str(path) if path else ""


def _path(name: str) -> Path | None:
    return Path(name) if name else None
