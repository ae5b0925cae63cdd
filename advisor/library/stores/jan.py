"""Jan's models: a model.yml each, which names the file in Jan's data folder or anywhere else.

The places and keys are those of Jan's llamacpp extension and of its settings.json.
"""

from __future__ import annotations

from pathlib import Path

from advisor.library.configured import configured_model
from advisor.library.files import Walk, because, is_absent, small_table, small_text
from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.yaml_scalars import yaml_scalars
from advisor.printable import printable

STORE = "jan"

_MAX_DEPTH = 4  # a model's id may be owner/name
_MAX_FILE_BYTES = 1024 * 1024


def data_folder(places: Places) -> tuple[Path, tuple[Unreadable, ...]]:
    """Where Jan keeps its data, whether or not it exists, and what could not be read on the way."""
    usual = places.data / "Jan" / "data"
    for folder in dict.fromkeys((places.config, places.data)):
        settings = folder / "jan.ai.app" / "settings.json"
        try:
            said = small_table(settings, _MAX_FILE_BYTES).get("data_folder")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            words = f"Jan's settings ({settings.name}) cannot be read: {because(error)}."
            return usual, (Unreadable(settings, words),)
        if isinstance(said, str) and Path(said).is_absolute():
            return Path(said), ()
    return usual, ()


def find(places: Places) -> Scan:
    """The models of Jan, called by their ids. Never raises."""
    data, trouble = data_folder(places)
    top = data / "llamacpp" / "models"
    if is_absent(top):
        return Scan((), trouble)
    walk = Walk(top, _MAX_DEPTH)
    models = [_model(data, top, folder.path) for folder in walk if "model.yml" in folder.files]
    return Scan(tuple(models), (*trouble, *walk.unreadable))


def _model(data: Path, top: Path, folder: Path) -> InstalledModel:
    name = folder.relative_to(top).as_posix()
    config = folder / "model.yml"
    try:
        said = yaml_scalars(small_text(config, _MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        problem = f"Its model.yml cannot be read: {because(error)}."
        return InstalledModel(STORE, name, config, 0, problem=problem)
    if "model_path" not in said:
        problem = f"Its model.yml names no file: import {printable(name)} into Jan again."
        return InstalledModel(STORE, name, config, 0, problem=problem)
    projector = said.get("mmproj_path")
    return configured_model(STORE, name, data, said["model_path"], projector)
