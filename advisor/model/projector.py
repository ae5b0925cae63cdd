"""`Projector`: what must be known of a file that lets a model see or hear (mmproj, architecture "clip")."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.errors import ModelError
from advisor.gguf import read_header
from advisor.model import refusals
from advisor.printable import printable

# How publishers begin the names of these files, and how the stores find them beside a model.
_PREFIX = "mmproj"


@dataclass(frozen=True, slots=True)
class Projector:
    """`weights_bytes` is the sum of its tensors, `file_bytes` the whole file."""

    path: Path
    weights_bytes: int
    file_bytes: int

    @property
    def name(self) -> str:
        return printable(self.path.name)


def read_projector(path: Path) -> Projector:
    """The projector at `path`. Raises ModelError leaves: what is unreadable, or is something else."""
    header = read_header(path)
    if refusals.kind_of(header.metadata) != "mmproj":
        raise refusals.not_a_projector(path, header.metadata)
    weights_bytes = sum(tensor.n_bytes for tensor in header.tensors)
    return Projector(path=path, weights_bytes=weights_bytes, file_bytes=header.file_bytes)


def projectors_beside(model: Path) -> tuple[Projector, ...]:
    """The readable projectors in the folder of `model`, the smallest first."""
    try:
        names = sorted(file.name for file in model.parent.iterdir())
    except OSError:
        return ()
    found = []
    for name in names:
        if name != model.name and name.lower().startswith(_PREFIX) and name.lower().endswith(".gguf"):
            try:
                found.append(read_projector(model.parent / name))
            except ModelError:
                continue
    return tuple(sorted(found, key=lambda projector: projector.weights_bytes))
