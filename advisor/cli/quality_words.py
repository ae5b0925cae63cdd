"""What the KV cache types of a table cost in precision, who says so, and of which build of llama.cpp."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from advisor.cli.answer import plain
from advisor.recommend.reasons import cache_name
from advisor.recommend.result import Alternative

_GITHUB = re.compile(
    r"https://github\.com/([\w.-]+/[\w.-]+)/(pull|issues|blob|discussions)/(?:[\w.-]+/)?(.+)"
)
_KINDS = {"pull": "pull request ", "issues": "issue ", "discussions": "discussion ", "blob": ""}


def print_qualities(console: Console, rows: Iterable[Alternative]) -> None:
    """Each choice of cache types once."""
    notes = {cache_name(row.settings): row.quality for row in rows if row.quality}
    if not notes:
        return
    console.print()
    console.print(Text("What the KV cache types cost in precision", "bold"))
    for name, note in notes.items():
        console.print(Text(f"  {name}: {plain(note.text)}"))
        if sources := str(note.values.get("sources", "")):
            named = ", ".join(_source(source) for source in sources.split("; "))
            console.print(
                Text(f"    Seen on: {plain(str(note.values['seen']))}. Sources: {plain(named)}.", "dim")
            )


def _source(address: str) -> str:
    """ "ggml-org/llama.cpp pull request 7412" for its address."""
    found = _GITHUB.fullmatch(address)
    return f"{found[1]} {_KINDS[found[2]]}{found[3]}" if found else address
