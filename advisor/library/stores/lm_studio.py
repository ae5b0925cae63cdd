"""LM Studio's store: models/<publisher>/<repository>/<file>.gguf in its home or where its settings say.

Its home is found as its SDK does (lms-common-server: findLMStudioHome.ts).
"""

from __future__ import annotations

import json
from pathlib import Path

from advisor.library.below import models_in
from advisor.library.files import Walk, because, is_absent, small_text
from advisor.library.installed import InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places
from advisor.printable import printable

STORE = "lm-studio"

_MAX_POINTER_BYTES = 8192
_MAX_SETTINGS_BYTES = 4 * 1024 * 1024
_REPOSITORY_DEPTH = 2  # publisher/repository; LM Studio shows nothing that lies above
_MAX_DEPTH = 4


def models_folder(places: Places) -> tuple[Path, tuple[Unreadable, ...]]:
    """Where LM Studio keeps its models, whether or not it exists, and what could not be read on the way."""
    home, trouble = home_folder(places)
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
    left_out: list[LeftOut] = []
    walk = Walk(top, _MAX_DEPTH)
    for folder in walk:
        if folder.depth >= _REPOSITORY_DEPTH:
            found = models_in(folder, STORE, lambda path: path.relative_to(top).as_posix(), runtime=STORE)
            models += found.models
            left_out += found.left_out
    return Scan(tuple(models), (*trouble, *walk.unreadable), tuple(left_out))


def home_folder(places: Places) -> tuple[Path, tuple[Unreadable, ...]]:
    """LM Studio's home, whether or not it exists, and what could not be read on the way."""
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
