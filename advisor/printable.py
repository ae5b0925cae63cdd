"""`printable`: text out of a file or from a server, as it may be shown."""

from __future__ import annotations


def printable(text: str, limit: int | None = 80) -> str:
    """`text` with control characters shown, not obeyed, and cut after `limit` characters (None: whole).

    Names come from strangers: they may move a terminal's cursor, and may be endless.
    """
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:limit])
    return shown if limit is None or len(text) <= limit else f"{shown}..."
