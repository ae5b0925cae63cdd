"""LM Studio's store: models/<publisher>/<repository>/<file>.gguf in its home or where its settings say.

Its home is found as its SDK does (lms-common-server: findLMStudioHome.ts).
"""

from __future__ import annotations

import json
from pathlib import Path

from advisor.gguf.refusals import printable
from advisor.library.files import Folder, Walk, because, is_absent, small_text
from advisor.library.gguf_files import gguf_files
from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.safetensors import safetensors_model

STORE = "lm-studio"

_MAX_POINTER_BYTES = 8192
_MAX_SETTINGS_BYTES = 4 * 1024 * 1024
_REPOSITORY_DEPTH = 2  # publisher/repository; LM Studio shows nothing that lies above
_MAX_DEPTH = 4


def models_folder(places: Places) -> tuple[Path, tuple[Unreadable, ...]]:
    """Where LM Studio keeps its models, whether or not it exists, and what could not be read on the way."""
    home, trouble = _home(places)
    try:
        settings = json.loads(small_text(home / "settings.json", _MAX_SETTINGS_BYTES))
        said = settings.get("downloadsFolder") if isinstance(settings, dict) else None
    except FileNotFoundError:
        said = None
    except (OSError, ValueError, RecursionError) as error:
        said = None
        trouble = (*trouble, _trouble("settings", home / "settings.json", error))
    folder = _absolute(said)
    if folder and is_absent(folder):
        words = f"LM Studio's settings name {printable(str(folder), 300)} for models, which does not exist."
        trouble = (*trouble, Unreadable(folder, words))
    return folder or home / "models", trouble


def find(places: Places) -> Scan:
    """The models of LM Studio, with what it holds in other formats. Never raises."""
    top, trouble = models_folder(places)
    if is_absent(top):
        return Scan((), trouble)
    models: list[InstalledModel] = []
    walk = Walk(top, _MAX_DEPTH)
    for folder in walk:
        if folder.depth >= _REPOSITORY_DEPTH:
            models += _models(top, folder)
    return Scan(tuple(models), (*trouble, *walk.unreadable))


def _home(places: Places) -> tuple[Path, tuple[Unreadable, ...]]:
    pointer = places.home / ".lmstudio-home-pointer"
    trouble: tuple[Unreadable, ...] = ()
    try:
        said = _absolute(small_text(pointer, _MAX_POINTER_BYTES).strip())
        if said:
            return said, ()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        trouble = (_trouble("pointer to its home", pointer, error),)
    older = places.home / ".cache" / "lm-studio"
    return (places.home / ".lmstudio" if is_absent(older) else older), trouble


def _absolute(said: object) -> Path | None:
    """The folder that a file of LM Studio's names; None for what can be none."""
    return Path(said) if isinstance(said, str) and Path(said).is_absolute() else None


def _trouble(what: str, path: Path, error: OSError | ValueError | RecursionError) -> Unreadable:
    reason = "it is not JSON" if isinstance(error, (json.JSONDecodeError, RecursionError)) else because(error)
    return Unreadable(path, f"LM Studio's {what} ({path.name}) cannot be read: {reason}.")


def _models(top: Path, folder: Folder) -> list[InstalledModel]:
    found = gguf_files(folder.path, folder.files)
    models = [
        InstalledModel(
            store=STORE,
            name=file.path.relative_to(top).as_posix(),
            path=file.path,
            size_bytes=file.size_bytes,
            projectors=found.projectors,
            runtime=STORE,
            problem=file.problem,
        )
        for file in found.models
    ]
    name = folder.path.relative_to(top).as_posix()
    other = safetensors_model(folder.path, folder.files, store=STORE, name=name, runtime=STORE)
    return [*models, other] if other else models
