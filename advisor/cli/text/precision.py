"""What the KV cache types of a table cost in precision, who says so, and of which build of llama.cpp."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from advisor.cli.text.console import plain
from advisor.recommend.reasons import cache_name
from advisor.recommend.result import Alternative
from advisor.settings.load_settings import LoadSettings

FULL_PRECISION = "full precision"

_GITHUB = re.compile(
    r"https://github\.com/([\w.-]+/[\w.-]+)/(pull|issues|blob|discussions)/(?:[\w.-]+/)?(.+)"
)
_KINDS = {"pull": "pull request ", "issues": "issue ", "discussions": "discussion ", "blob": ""}


def precision_words(settings: LoadSettings) -> str:
    """ "full precision", "8 bits", or "K in 8 bits, V in 4 bits"."""
    k, v = _bits(settings.cache_type_k), _bits(settings.cache_type_v)
    return k if k == v else f"K in {k}, V in {v}"


def _bits(cache_type: str) -> str:
    """Of each value: f16 and the like are what the others are compared with; a name has its bits in it."""
    if not cache_type.startswith(("q", "iq")):
        return FULL_PRECISION
    return f"{next(filter(str.isdigit, cache_type))} bits"


def print_qualities(console: Console, rows: Iterable[Alternative]) -> None:
    """Each choice of cache types once, and each source once: the texts name it by its number."""
    notes = {cache_name(row.settings): row.quality for row in rows if row.quality}
    if not notes:
        return
    console.print()
    console.print(Text("What the KV cache types cost in precision", "bold"))
    numbers: dict[str, int] = {}
    for name, note in notes.items():
        sources = str(note.values.get("sources", "")).split("; ") if note.values.get("sources") else []
        cited = "".join(f"[{n}]" for n in sorted(numbers.setdefault(it, len(numbers) + 1) for it in sources))
        console.print(Text(f"  {name}: {plain(note.text)}{' ' if cited else ''}{cited}"))
        if sources:
            console.print(Text(f"    Seen on: {plain(str(note.values['seen']))}.", "dim"))
    for source, number in numbers.items():
        console.print(Text(f"  [{number}] {plain(_source(source))}", "dim"))


def _source(address: str) -> str:
    """ "ggml-org/llama.cpp pull request 7412" for its address."""
    found = _GITHUB.fullmatch(address)
    return f"{found[1]} {_KINDS[found[2]]}{found[3]}" if found else address
