"""What a finder finds: a model as its store names it, and what could not be looked into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GGUF = "gguf"
NOT_GGUF = "not-gguf"

# Why a file is not listed.
PARTIAL = "partial"
NO_MODEL = "no-model"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model in one store.

    `name` is what a person types there, `other_names` are further names of the same file. `path` is the file
    or the first of a split one; what is no GGUF, or has no file, shows the folder or manifest instead.
    `size_bytes` counts all parts, without projectors. `runtime` is the one that the file belongs to, None for
    no one's. `other_stores` have the file, too. `problem` is a sentence, None for a model that can be opened
    as far as its store tells.
    """

    store: str  # a key of `stores.TITLES`
    name: str
    path: Path
    size_bytes: int
    other_names: tuple[str, ...] = ()
    projectors: tuple[Path, ...] = ()
    format: str = GGUF
    runtime: str | None = None
    problem: str | None = None
    other_stores: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.other_names)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or file of a store that could not be looked into, and why, as a sentence."""

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that looks like a model and is not listed: half a download or a side file, and why."""

    path: Path
    kind: str  # PARTIAL | NO_MODEL
    sentence: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, what could not be looked into, and what was left out on purpose."""

    models: tuple[InstalledModel, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
