"""KoboldCpp's configurations: it keeps no models, but its .kcpps files name them."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from advisor.library.configured import configured_model
from advisor.library.files import because, small_table
from advisor.library.installed import InstalledModel, Scan
from advisor.library.places import Places
from advisor.library.program_folders import likely_folders, program_folders

STORE = "koboldcpp"

_ENDING = ".kcpps"
_MAX_CONFIG_BYTES = 4 * 1024 * 1024
_MAX_ENTRIES = 5000


def find(places: Places) -> Scan:
    """The models that configurations name, beside the program or where people keep such files.

    Never raises: a configuration that cannot be read is a model with a `problem`.
    """
    folders = (*likely_folders(places), *program_folders(places, ("koboldcpp", "kobold")))
    configs = {path: None for folder in folders for path in _configs(folder)}
    found = [_model(path) for path in configs]
    return Scan(tuple(model for model in found if model))


def _configs(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _MAX_ENTRIES) if entry.name.endswith(_ENDING)]
    except OSError:  # it is not there, or not ours to see: nothing was promised about it
        return []
    return [folder / name for name in sorted(names)]


def _model(config: Path) -> InstalledModel | None:
    """The model of one configuration, None where it names none, or an address."""
    try:
        said = small_table(config, _MAX_CONFIG_BYTES)
    except (OSError, ValueError) as error:
        problem = f"This configuration of KoboldCpp cannot be read: {because(error)}."
        return InstalledModel(STORE, config.name, config, 0, problem=problem)
    model = _first(said.get("model_param")) or _first(said.get("model"))
    if not model or "://" in model:
        return None
    return configured_model(STORE, config.name, config.parent, model, _first(said.get("mmproj")))


def _first(value: object) -> str | None:
    """A text, or the first of a list of texts: "model" is one on the command line."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) and value else None
