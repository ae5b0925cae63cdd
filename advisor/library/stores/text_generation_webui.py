"""text-generation-webui's models: user_data/models (older: models) in its own folder, wherever that is.

It has no fixed place, so it is looked for by its name where people unpack or clone programs.
"""

from __future__ import annotations

from advisor.library.below import find_below
from advisor.library.installed import Scan
from advisor.library.places import Places
from advisor.library.program_folders import program_folders

STORE = "text-generation-webui"

_MODEL_FOLDERS = (("user_data", "models"), ("models",))
_MAX_DEPTH = 2


def find(places: Places) -> Scan:
    """Its models, called by their paths in its folder of models. Never raises."""
    tops = [
        folder.joinpath(*inside)
        for folder in program_folders(places, ("text-generation-webui", "oobabooga"))
        for inside in _MODEL_FOLDERS
    ]
    return find_below(tops, STORE, depth=_MAX_DEPTH)
