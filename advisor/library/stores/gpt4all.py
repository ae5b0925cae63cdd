"""GPT4All's models: one flat folder, which its settings may move, and that of its Python package."""

from __future__ import annotations

import re
from pathlib import Path

from advisor.library.below import find_below
from advisor.library.files import because, small_text
from advisor.library.installed import Scan, Unreadable
from advisor.library.places import Places

STORE = "gpt4all"

_MAX_SETTINGS_BYTES = 1024 * 1024
# An entry of QSettings' INI format: in quotes where it has odd characters, \xHH where they are no ASCII.
_MODEL_PATH = re.compile(r'^modelPath\s*=\s*"?(?P<path>[^"\r\n]*)"?\s*$', re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:x(?P<code>[0-9a-fA-F]{1,4})|(?P<self>[\\\"]))")


def folders(places: Places) -> tuple[tuple[Path, ...], tuple[Unreadable, ...]]:
    """Where GPT4All may keep its models, and what could not be read on the way."""
    usual = (places.cache if places.system == "win32" else places.data) / "nomic.ai" / "GPT4All"
    package = places.home / ".cache" / "gpt4all"
    config = places.config if places.system == "win32" else places.home / ".config"
    settings = config / "nomic.ai" / "GPT4All.ini"
    try:
        said = _MODEL_PATH.search(small_text(settings, _MAX_SETTINGS_BYTES))
    except FileNotFoundError:
        return (usual, package), ()
    except (OSError, ValueError) as error:
        words = f"GPT4All's settings ({settings.name}) cannot be read: {because(error)}."
        return (usual, package), (Unreadable(settings, words),)
    moved = Path(_unescaped(said["path"])) if said else usual
    return (moved if moved.is_absolute() else usual, package), ()


def find(places: Places) -> Scan:
    """The models of GPT4All, called by their files' names. Never raises."""
    tops, trouble = folders(places)
    found = find_below(tops, STORE, depth=0)
    return Scan(found.models, (*trouble, *found.unreadable), found.left_out)


def _unescaped(said: str) -> str:
    return _ESCAPE.sub(lambda one: chr(int(one["code"], 16)) if one["code"] else one["self"], said)
