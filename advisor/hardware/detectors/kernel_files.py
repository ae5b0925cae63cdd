"""The kernel's small files (/proc, /sys). They vanish and refuse as they like; nothing here raises."""

from __future__ import annotations

import re
from pathlib import Path

# The kernel's numbers have 64 bits. One without end is not even a float to Python, nor does it read its text.
_BEYOND_THE_KERNEL = 1 << 64
_NUMBER = re.compile(r"[0-9]{1,20}")


def read_text(path: Path) -> str | None:
    """A small kernel file's text, or None."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except (OSError, ValueError):  # ValueError: a path, out of another of these files, that can be none
        return None


def read_int(path: Path) -> int | None:
    """A kernel file's number, decimal or 0x-prefixed, or None."""
    try:
        number = int(read_text(path) or "", 0)
    except ValueError:
        return None
    return number if abs(number) < _BEYOND_THE_KERNEL else None


def whole_number(text: str | None) -> int | None:
    """The number that a text is, in decimal digits, or None."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def is_there(path: Path) -> bool:
    """Whether something is there; what may not be looked at counts as absent."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def entries(folder: Path) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
