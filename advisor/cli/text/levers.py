"""What the person could change as a table: tokens, memory, and what else each change does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from advisor.cli.text.console import plain
from advisor.recommend.result import Lever, WhatIfType
from advisor.recommend.what_if_types import NOT_IN_MAINLINE
from advisor.units import format_bytes, format_tokens

_MOST, _MOST_CACHE_TYPES = 4, 2
_BUYING = "What you could change"


def print_best_levers(console: Console, levers: Iterable[Lever]) -> None:
    """The first of those that buy something, which are ranked already, with what each buys most of."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(_BUYING, overflow="fold")
    table.add_column("what it buys", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for lever in best_levers(levers):
        tokens = f"{lever.gain_tokens:+,} tokens"
        bought = tokens if lever.gain_tokens else f"frees {format_bytes(lever.gain_bytes)}"
        table.add_row(f"  {plain(lever.title or lever.text)}", bought, _detail(lever))
    if table.row_count:
        console.print()
        console.print(table)


def best_levers(levers: Iterable[Lever]) -> tuple[Lever, ...]:
    """Not only cache types: the table of choices has those, too."""
    found: list[Lever] = []
    for lever in levers:
        is_one_more_type = _is_cache_type(lever) and sum(map(_is_cache_type, found)) == _MOST_CACHE_TYPES
        if _buys(lever) and not is_one_more_type:
            found.append(lever)
    return tuple(found[:_MOST])


def _is_cache_type(lever: Lever) -> bool:
    return lever.code.startswith("cache-type-")


def print_levers(console: Console, levers: Sequence[Lever]) -> None:
    """What buys something, then what would cost something."""
    costing = [lever for lever in levers if not _buys(lever)]
    _print_table(console, _BUYING, [lever for lever in levers if _buys(lever)])
    _print_table(console, "What would cost memory or tokens", costing)


def _print_table(console: Console, title: str, levers: Sequence[Lever]) -> None:
    if not levers:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, overflow="fold")
    table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("memory", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for lever in levers:
        frees = "frees" if lever.gain_bytes > 0 else "takes"
        table.add_row(
            f"  {plain(lever.title or lever.text)}",
            f"{lever.gain_tokens:+,}" if lever.gain_tokens else "",
            f"{frees} {format_bytes(abs(lever.gain_bytes))}" if lever.gain_bytes else "",
            _detail(lever),
        )
    console.print()
    console.print(table)


def _detail(lever: Lever) -> str:
    return plain("; ".join(part for part in (lever.detail, lever.command) if part))


def _buys(lever: Lever) -> bool:
    return lever.gain_tokens > 0 or (lever.gain_tokens == 0 and lever.gain_bytes > 0)


def print_what_if_types(console: Console, types: Iterable[WhatIfType]) -> None:
    """Cache types that only forks have: a look ahead, not an advice."""
    table = Table(box=None, pad_edge=False, header_style="bold", style="dim")
    table.add_column("If your build has these KV types", overflow="fold")
    table.add_column("would hold", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in types:
        if row.n_ctx_max:
            holds = f"about {format_tokens(row.n_ctx_max)}"
            table.add_row(f"  {plain(row.name)}", holds, plain(f"{NOT_IN_MAINLINE}, only in {row.fork}"))
    if table.row_count:
        console.print()
        console.print(table)
