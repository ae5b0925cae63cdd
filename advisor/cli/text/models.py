"""The list of models as text: a row each, then what was left out."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.text.console import plain
from advisor.cli.text.verdicts import VERDICT_WORDS
from advisor.library.installed import PARTIAL, LeftOut
from advisor.library.listing.listing import Listed
from advisor.library.places import places_here
from advisor.library.stores.known import TITLES
from advisor.units import format_bytes, format_tokens


def print_models(console: Console, lines: Sequence[Listed]) -> None:
    if not lines:
        console.print(Text("No models were found: not in the stores of the programs that run them, not in"))
        console.print(Text("~/models or the downloads, nor in the folders that were given."))
        console.print(Text("Name a folder to look through: context-advisor models DIR", "dim"))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", overflow="fold")
    table.add_column("store", overflow="fold")
    table.add_column("architecture, quantization", overflow="fold", min_width=len("architecture"))
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("largest safe", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for line in lines:
        model = line.installed
        words, colour = VERDICT_WORDS[line.verdict] if line.verdict else (line.problem or "", "yellow")
        table.add_row(
            plain(", ".join(_short(name) for name in model.names)),
            ", ".join(TITLES[store] for store in (model.store, *model.other_stores)),
            plain(" ".join(filter(None, (line.architecture, line.quantization))) or "-"),
            format_bytes(model.size_bytes),
            format_tokens(line.n_ctx_max) if line.n_ctx_max else "-",
            Text(plain(words), colour),
        )
    console.print(table)
    console.print(
        Text("Largest safe context by formula, with an f16 KV cache and all layers on the GPU.", "dim")
    )


def _short(name: str) -> str:
    """The name; that of a file in the user's home as a shell writes it."""
    home = f"{places_here().home}{os.sep}"
    return f"~{os.sep}{name.removeprefix(home)}" if name.startswith(home) else name


def print_left_out(console: Console, left_out: Sequence[LeftOut], *, named: bool) -> None:
    if not left_out:
        return
    n_partial = sum(file.kind == PARTIAL for file in left_out)
    n_others = len(left_out) - n_partial
    counts = (
        (n_partial, "unfinished download", "unfinished downloads"),
        (n_others, "file without a model", "files without a model"),
    )
    counted = " and ".join(f"{n} {one if n == 1 else several}" for n, one, several in counts if n)
    counted = f"Left out: {counted}."
    console.print(Text(counted if named else f"{counted} Name them with --left-out.", "dim"))
    for file in left_out if named else ():
        console.print(Text(plain(f"  {file.path}: {file.sentence}")))
