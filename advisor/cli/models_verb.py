"""`models`: the models on this computer, by store, with the largest safe context of each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.basis import Basis
from advisor.cli.answer import plain, print_json, progress, text_console
from advisor.cli.computer import opened_computer
from advisor.cli.documents import Document, document
from advisor.cli.tables import VERDICT_WORDS
from advisor.errors import UsageError
from advisor.library.installed import Unreadable
from advisor.library.listing import Listed, listed
from advisor.library.places import places_here
from advisor.library.scan import scan
from advisor.units import format_bytes, format_tokens

STORE_WORDS = {"ollama": "Ollama", "lm-studio": "LM Studio", "folder": "folder"}


def run(args: argparse.Namespace) -> int:
    if args.basis == "engine":
        raise UsageError(
            "--basis: the list is made by formula, from the headers alone.",
            hint="Leave it out, and ask the engine about one model: context-advisor recommend MODEL.",
        )
    args.basis = "formula"  # the engine is not even started: it answers about single models
    with progress("Looking for models ...", quiet=args.quiet or args.json):
        found = scan(places_here(), [Path(folder) for folder in args.folders])
        with opened_computer(args) as computer:
            lines = list(listed(found.models, computer.hardware))
    for trouble in found.unreadable:
        print(plain(trouble.sentence), file=sys.stderr)
    if args.json:
        print_json(_document(lines, found.unreadable))
    else:
        _print(text_console(), lines)
    return 0


def _document(lines: Sequence[Listed], unreadable: Sequence[Unreadable]) -> Document:
    return document(
        models=[_entry(line) for line in lines],
        unreadable=[{"path": _path(trouble.path), "text": plain(trouble.sentence)} for trouble in unreadable],
    )


def _entry(line: Listed) -> Document:
    model = line.installed
    return {
        "name": plain(model.name),
        "other_names": [plain(name) for name in model.other_names],
        "store": model.store,
        "runtime": model.runtime,
        "path": _path(model.path),
        "projectors": [_path(projector) for projector in model.projectors],
        "format": model.format,
        "size_bytes": model.size_bytes,
        "architecture": line.architecture,
        "quantization": line.quantization,
        "n_ctx_train": line.n_ctx_train,
        "n_ctx_max": line.n_ctx_max,
        "verdict": None if line.verdict is None else str(line.verdict),
        "basis": None if line.verdict is None else str(Basis.FORMULA),
        "problem": line.problem,
    }


def _path(path: Path) -> str:
    """As text that can be printed: on Unix a name may hold bytes that are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _print(console: Console, lines: Sequence[Listed]) -> None:
    if not lines:
        console.print(Text("No models were found in Ollama's and LM Studio's folders, nor in those given."))
        console.print(Text("Name a folder to look through: context-advisor models DIR", "dim"))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", overflow="fold")
    table.add_column("store")
    table.add_column("architecture", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("largest safe", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for line in lines:
        model = line.installed
        words, colour = VERDICT_WORDS[line.verdict] if line.verdict else (line.problem or "", "yellow")
        table.add_row(
            plain(", ".join(model.names)),
            STORE_WORDS[model.store],
            plain(line.architecture or "-"),
            format_bytes(model.size_bytes),
            format_tokens(line.n_ctx_max) if line.n_ctx_max else "-",
            Text(plain(words), colour),
        )
    console.print(table)
    console.print(
        Text("Largest safe context by formula, with an f16 KV cache and all layers on the GPU.", "dim")
    )
