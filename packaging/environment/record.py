"""What has been set up, kept inside the environment, so that a second run has nothing left to do.

The file is written after a step has succeeded: a step that was interrupted is simply done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

NAME = "context-advisor.json"


@dataclass(frozen=True, slots=True)
class Engine:
    """The installed build of llama-cpp-python; `installed` is None where none could be had."""

    requirement: str  # as pyproject.toml names it, such as llama-cpp-python==0.3.36
    installed: str | None
    note: str = ""  # what the user should be reminded of at every start; empty if all is as it should be


@dataclass(frozen=True, slots=True)
class Record:
    root: str = ""  # where the checkout lay: an editable installation points there
    project: str = ""  # the digest of what pyproject.toml says about dependencies and packaging
    extras: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()  # which of Qt's libraries were seen: "core", "window"
    engine: Engine | None = None

    def with_project(self, root: Path, digest: str, extras: frozenset[str]) -> Record:
        return replace(self, root=str(root), project=digest, extras=tuple(sorted(extras)))

    def has_project(self, root: Path, digest: str, extras: frozenset[str]) -> bool:
        return self.root == str(root) and self.project == digest and extras <= set(self.extras)


def read(environment: Path) -> Record:
    """The record of this environment; an empty one if there is none or it cannot be understood."""
    try:
        content = json.loads((environment / NAME).read_text(encoding="utf-8"))
        engine = content.pop("engine")
        content["extras"] = tuple(content["extras"])
        content["libraries"] = tuple(content["libraries"])
        return Record(**content, engine=Engine(**engine) if engine else None)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Record()


def write(environment: Path, record: Record) -> None:
    """Keep the record; readers see the old or the new one, never half of it."""
    draft = environment / (NAME + ".new")
    draft.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    draft.replace(environment / NAME)


def project_digest(pyproject: Mapping[str, object]) -> str:
    """A digest of what an installation depends on: the settings of linters and tests are left out."""
    tool = pyproject.get("tool")
    hatch = tool.get("hatch") if isinstance(tool, Mapping) else None
    told = [pyproject.get("build-system"), pyproject.get("project"), hatch]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
