"""`scan`: all stores and folders, each real file once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from advisor.library import folders, lm_studio, ollama
from advisor.library.files import identity
from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.places import Places

Finder = Callable[[Places], Scan]

# Where a file lies in two stores (by links), the first here keeps it.
STORES: dict[str, Finder] = {ollama.STORE: ollama.find, lm_studio.STORE: lm_studio.find}


def scan(places: Places, own_folders: Iterable[Path] = (), stores: Iterable[Finder] | None = None) -> Scan:
    """What the stores of `places` and the user's own folders hold, in that order. Never raises.

    A file that several of them reach is listed once.
    """
    found = [find(places) for find in (STORES.values() if stores is None else stores)]
    found.append(folders.find(own_folders))
    models: dict[object, InstalledModel] = {}
    unreadable: dict[Path, Unreadable] = {}
    for part in found:
        for model in part.models:
            models.setdefault(identity(model.path) or model.path, model)
        for trouble in part.unreadable:
            unreadable.setdefault(trouble.path, trouble)
    return Scan(tuple(models.values()), tuple(unreadable.values()))
