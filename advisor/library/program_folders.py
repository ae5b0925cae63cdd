"""Folders of programs that have no fixed place: looked for by name where people unpack or clone them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from advisor.library.places import Places

# Relative to the home; "" is the home itself. Only their own entries are looked at, nothing below.
_WHERE = (
    *("", "Downloads", "Documents", "Desktop", "Applications", "apps", "bin", "opt", "programs"),
    *("src", "git", "code", "dev", "projects", "repos", "ai", "AI", "llm", "LLM", "tools"),
)
_MAX_ENTRIES = 5000


def likely_folders(places: Places) -> tuple[Path, ...]:
    """Where programs without an installer end up; they need not exist."""
    return tuple(places.home / name if name else places.home for name in _WHERE)


def program_folders(places: Places, names: Sequence[str]) -> list[Path]:
    """Folders whose names begin with one of `names`, in small letters, in the likely places. Never raises."""
    found: dict[tuple[int, int], Path] = {}
    for top in likely_folders(places):
        try:
            with os.scandir(top) as entries:
                for entry in islice(entries, _MAX_ENTRIES):
                    if entry.name.lower().startswith(tuple(names)) and entry.is_dir():
                        status = os.stat(entry.path)  # noqa: PTH116 - an entry of scandir has a text for its path
                        found.setdefault((status.st_dev, status.st_ino), Path(entry.path))
        except OSError:  # it is not there, or not ours to see: nothing was promised about it
            continue
    return sorted(found.values())
