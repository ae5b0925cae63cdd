"""`Projector`: what must be known of a file that lets a model see or hear (mmproj, architecture "clip")."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.gguf import read_header
from advisor.model import refusals
from advisor.printable import printable


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
