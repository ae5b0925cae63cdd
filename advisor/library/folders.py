"""The user's own folders: every model below them, to a bounded depth, with those that are no GGUF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.library.files import Walk
from advisor.library.gguf_files import gguf_files
from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.safetensors import safetensors_model

STORE = "folder"

# Deep enough for a copy of any store; a folder given by mistake still ends.
MAX_DEPTH = 8


def find(folders: Iterable[Path]) -> Scan:
    """The models below `folders`. Their names are paths that begin as the folder was given; none raises."""
    models: list[InstalledModel] = []
    unreadable: list[Unreadable] = []
    for top in folders:
        walk = Walk(top, MAX_DEPTH)
        for folder in walk:
            found = gguf_files(folder.path, folder.files)
            models += [
                InstalledModel(
                    store=STORE,
                    name=str(file.path),
                    path=file.path,
                    size_bytes=file.size_bytes,
                    projectors=found.projectors,
                    problem=file.problem,
                )
                for file in found.models
            ]
            name = str(folder.path)
            other = safetensors_model(folder.path, folder.files, store=STORE, name=name, runtime=None)
            models += [other] if other else []
        unreadable += walk.unreadable
    return Scan(tuple(models), tuple(unreadable))
