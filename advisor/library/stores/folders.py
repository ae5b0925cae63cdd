"""The user's own folders: every model below them, to a bounded depth, with those that are no GGUF.

Those that are named are looked through whole; without being named only where people keep such files: a
folder called models in the home, and the folder of downloads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from advisor.library.below import find_below, models_in
from advisor.library.files import Walk, small_text
from advisor.library.installed import InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places

STORE = "folder"

# Deep enough for a copy of any store; a folder given by mistake still ends.
MAX_DEPTH = 8

_DEPTH_OF_DOWNLOADS = 1  # what was unpacked there may hold anything
_MAX_SETTINGS_BYTES = 64 * 1024
# xdg-user-dirs writes it: the folder has another name in every language.
_DOWNLOADS = re.compile(r'^XDG_DOWNLOAD_DIR="(?P<home>\$HOME/)?(?P<path>[^"]*)"', re.MULTILINE)


def find(folders: Iterable[Path]) -> Scan:
    """The models below `folders`. Their names are paths that begin as the folder was given; none raises."""
    models: list[InstalledModel] = []
    unreadable: list[Unreadable] = []
    left_out: list[LeftOut] = []
    for top in folders:
        walk = Walk(top, MAX_DEPTH)
        for folder in walk:
            found = models_in(folder, STORE, str)
            models += found.models
            left_out += found.left_out
        unreadable += walk.unreadable
    return Scan(tuple(models), tuple(unreadable), tuple(left_out))


def usual_folders(places: Places) -> tuple[Path, ...]:
    """The folders for models that are looked through without being named; they need not exist."""
    return places.home / "models", places.home / "Models"


def find_usual(places: Places) -> Scan:
    """The models where people keep them. Never raises; folders that are not there are no trouble."""
    own = find_below(usual_folders(places), STORE, depth=MAX_DEPTH, name=str)
    loaded = find_below([downloads(places)], STORE, depth=_DEPTH_OF_DOWNLOADS, name=str)
    # Half of a download is nothing to speak of where downloads are made.
    return Scan((*own.models, *loaded.models), (*own.unreadable, *loaded.unreadable), own.left_out)


def downloads(places: Places) -> Path:
    """The folder that browsers put files into."""
    try:
        said = _DOWNLOADS.search(small_text(places.config / "user-dirs.dirs", _MAX_SETTINGS_BYTES))
    except (OSError, ValueError):
        said = None
    if said and said["home"] and said["path"]:
        return places.home / said["path"]
    if said and Path(said["path"]).is_absolute():
        return Path(said["path"])
    return places.home / "Downloads"
