"""What a finder finds: a model as its store names it, and what could not be looked into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GGUF = "gguf"
NOT_GGUF = "not-gguf"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model in one store.

    `name` is what a person types there, `other_names` are further names of the same file. `path` is the file
    or the first of a split one; what is no GGUF, or has no file, shows the folder or manifest instead.
    `size_bytes` counts all parts, without projectors. `runtime` is the one that the file belongs to, None for
    no one's. `problem` is a sentence, None for a model that can be opened as far as its store tells.
    """

    store: str  # "ollama" | "lm-studio" | "folder"
    name: str
    path: Path
    size_bytes: int
    other_names: tuple[str, ...] = ()
    projectors: tuple[Path, ...] = ()
    format: str = GGUF
    runtime: str | None = None
    problem: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.other_names)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or file of a store that could not be looked into, and why, as a sentence."""

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, and what could not be looked into."""

    models: tuple[InstalledModel, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
