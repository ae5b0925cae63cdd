"""`scan`: all stores and folders, each model once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from advisor.library.files import identity
from advisor.library.installed import GGUF, InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.same_content import named_hash, sampled_hash
from advisor.library.stores import folders
from advisor.library.stores.known import STORES, Finder


def scan(places: Places, own_folders: Iterable[Path] = (), stores: Iterable[Finder] | None = None) -> Scan:
    """What the stores of `places` and the user's own folders hold, in that order. Never raises.

    A file that several of them reach is listed once, with all its names; so is a copy that another store
    has. Copies within one store are apart, since there a person chooses between them.
    """
    found = [find(places) for find in (STORES.values() if stores is None else stores)]
    found.append(folders.find(own_folders))
    models: dict[object, InstalledModel] = {}
    unreadable: dict[Path, Unreadable] = {}
    left_out: dict[object, LeftOut] = {}
    for part in found:
        for model in part.models:
            which = identity(model.path) or model.path
            models[which] = together(models[which], model) if which in models else model
        for trouble in part.unreadable:
            unreadable.setdefault(trouble.path, trouble)
        for file in part.left_out:
            left_out.setdefault(identity(file.path) or file.path, file)
    return Scan(copies_joined(list(models.values())), tuple(unreadable.values()), tuple(left_out.values()))


def together(first: InstalledModel, other: InstalledModel) -> InstalledModel:
    """One model under the names of both."""
    # A folder that was given may hold a whole store: there a file's path is no further name.
    names = other.names if other.store != folders.STORE or other.path != first.path else ()
    stores = (*first.other_stores, other.store, *other.other_stores)
    return replace(
        first,
        other_names=tuple(dict.fromkeys(n for n in (*first.other_names, *names) if n != first.name)),
        other_stores=tuple(dict.fromkeys(store for store in stores if store != first.store)),
        projectors=first.projectors or other.projectors,
        problem=first.problem and other.problem,
    )


def copies_joined(models: list[InstalledModel]) -> tuple[InstalledModel, ...]:
    """`models` without the copies of one in another store. Only files of one length are looked into."""
    of_size: dict[int, list[int]] = {}
    for index, model in enumerate(models):
        if model.format == GGUF and not model.problem and model.size_bytes:
            of_size.setdefault(model.size_bytes, []).append(index)
    gone: set[int] = set()
    for indices in of_size.values():
        if len({models[index].store for index in indices}) < 2:
            continue
        first: dict[str, int] = {}
        for index in indices:
            which = _content(models[index], models, indices)
            kept = first.setdefault(which, index) if which else index
            if kept != index and models[kept].store != models[index].store:
                models[kept] = together(models[kept], models[index])
                gone.add(index)
    return tuple(model for index, model in enumerate(models) if index not in gone)


def _content(model: InstalledModel, models: list[InstalledModel], same_size: list[int]) -> str | None:
    """What tells the content of a model: its store's hash where all of that size have one, else samples."""
    if all(named_hash(models[index].path) for index in same_size):
        return named_hash(model.path)
    return sampled_hash(model.path)
