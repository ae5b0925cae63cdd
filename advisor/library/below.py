"""Models that lie as plain files in folders: what most stores come down to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from advisor.library.files import Folder, Walk, is_absent
from advisor.library.gguf_files import gguf_files, lost_files
from advisor.library.installed import InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.safetensors import safetensors_model

# What a file or folder is called in its store.
Naming = Callable[[Path], str]


def models_in(folder: Folder, store: str, name: Naming, *, runtime: str | None = None) -> Scan:
    """The models of one walked folder, with a safetensors model that it may be."""
    found = gguf_files(folder.path, folder.files)
    models = [
        InstalledModel(
            store=store,
            name=name(file.path),
            path=file.path,
            size_bytes=file.size_bytes,
            projectors=file.projectors,
            runtime=runtime,
            problem=file.problem,
        )
        for file in (*found.models, *lost_files(folder))
    ]
    other = safetensors_model(folder.path, folder.files, store=store, name=name(folder.path), runtime=runtime)
    return Scan((*models, other) if other else tuple(models), (), found.left_out)


def find_below(
    tops: Iterable[Path], store: str, *, depth: int, name: Naming | None = None, runtime: str | None = None
) -> Scan:
    """The models in each of `tops` that is there, and `depth` folders below it. Never raises.

    Where `name` is not given, a model is called by its path below the top.
    """
    models: list[InstalledModel] = []
    unreadable: list[Unreadable] = []
    left_out: list[LeftOut] = []
    for top in dict.fromkeys(tops):
        if is_absent(top):
            continue
        walk = Walk(top, depth)

        def below(path: Path, top: Path = top) -> str:
            return path.relative_to(top).as_posix() if path != top else path.name

        for folder in walk:
            found = models_in(folder, store, name or below, runtime=runtime)
            models += found.models
            left_out += found.left_out
        unreadable += walk.unreadable
    return Scan(tuple(models), tuple(unreadable), tuple(left_out))
