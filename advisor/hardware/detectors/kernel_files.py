"""The kernel's small files (/proc, /sys). They vanish and refuse as they like; nothing here raises."""

from __future__ import annotations

from pathlib import Path


def read_text(path: Path) -> str | None:
    """A small kernel file's text, or None."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    """A kernel file's number, decimal or 0x-prefixed, or None."""
    try:
        return int(read_text(path) or "", 0)
    except ValueError:
        return None


def entries(folder: Path) -> list[str]:
    """The names in a folder; none if it cannot be read."""
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
