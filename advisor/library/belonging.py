"""`runtime_of`: which runtime a file belongs to, since its rules decide what the file takes."""

from __future__ import annotations

from pathlib import Path

from advisor.library.places import Places
from advisor.library.stores import lm_studio, ollama


def runtime_of(path: Path, places: Places) -> str | None:
    """ "ollama" for a blob of an Ollama store, "lm-studio" for a file in LM Studio's folder, else None.

    Where the path is a link, the place of the link counts before that of its target. Never raises.
    """
    folder, _ = lm_studio.models_folder(places)
    try:
        candidates = (path.absolute(), path.resolve())
        folders = (folder.absolute(), folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a path that no system can hold, a loop of links
        return None
    for candidate in candidates:
        if any(candidate.is_relative_to(top) for top in folders):
            return lm_studio.STORE
        if ollama.is_blob(candidate):
            return ollama.STORE
    return None
