"""`models`: the models on this computer, by store, with the largest safe context of each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.answer import plain, print_json, progress, text_console
from advisor.cli.computer import opened_computer
from advisor.cli.documents import document
from advisor.cli.tables import VERDICT_WORDS
from advisor.errors import UsageError
from advisor.library.installed import PARTIAL, LeftOut, Scan
from advisor.library.listing import header_cache
from advisor.library.listing.lines import left_out_to_dict, line_to_dict, to_text, unreadable_to_dict
from advisor.library.listing.listing import Listed, listed_or_left_out
from advisor.library.listing.serving import serve
from advisor.library.places import places_here
from advisor.library.scan import scan
from advisor.library.stores.known import TITLES
from advisor.units import format_bytes, format_tokens


def run(args: argparse.Namespace) -> int:
    if args.serve:
        serve(sys.stdin, sys.stdout)
        return 0
    if args.basis == "engine":
        raise UsageError(
            "--basis: the list is made by formula, from the headers alone.",
            hint="Leave it out, and ask the engine about one model: context-advisor recommend MODEL.",
        )
    args.basis = "formula"  # the engine is not even started: it answers about single models
    quiet = args.quiet or args.json or args.json_lines
    with progress("Looking for models ...", quiet=quiet):
        found = scan(places_here(), [Path(folder) for folder in args.folders])
        for trouble in found.unreadable:
            print(plain(trouble.sentence), file=sys.stderr)
        if args.json_lines:
            _print_lines(found, _answers(args, found))
            return 0
        answers = list(_answers(args, found))
    lines = [answer for answer in answers if isinstance(answer, Listed)]
    left_out = [*found.left_out, *(answer for answer in answers if isinstance(answer, LeftOut))]
    if args.json:
        print_json(
            document(
                models=[line_to_dict(line) for line in lines],
                unreadable=[unreadable_to_dict(trouble) for trouble in found.unreadable],
                left_out=[left_out_to_dict(file) for file in left_out],
            )
        )
    else:
        console = text_console()
        _print(console, lines)
        _print_left_out(console, left_out, named=args.left_out)
    return 0


def _answers(args: argparse.Namespace, found: Scan) -> Iterator[Listed | LeftOut]:
    with opened_computer(args) as computer, header_cache.opened() as cache:
        yield from listed_or_left_out(found.models, computer.hardware, cache)


def _print_lines(found: Scan, answers: Iterator[Listed | LeftOut]) -> None:
    """One line of JSON for each thing, as soon as it is known; the last says how many models there are."""
    for trouble in found.unreadable:
        _print_line("unreadable", unreadable_to_dict(trouble))
    for file in found.left_out:
        _print_line("left_out", left_out_to_dict(file))
    n_models = 0
    for answer in answers:
        if isinstance(answer, Listed):
            n_models += 1
            _print_line("model", line_to_dict(answer))
        else:
            _print_line("left_out", left_out_to_dict(answer))
    _print_line("end", {"n_models": n_models})


def _print_line(kind: str, content: object) -> None:
    sys.stdout.write(to_text(document(**{kind: content})) + "\n")
    sys.stdout.flush()


def _print(console: Console, lines: Sequence[Listed]) -> None:
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


def _print_left_out(console: Console, left_out: Sequence[LeftOut], *, named: bool) -> None:
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
