"""`explain`: the field's terms in plain words."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.table import Table

from advisor.cli import documents
from advisor.cli.answer import print_json, text_console
from advisor.terms import find_term, load_terms


def run(args: argparse.Namespace) -> int:
    terms = load_terms()
    chosen = [find_term(" ".join(args.term), terms)] if args.term else list(terms.values())
    if args.json:
        print_json(documents.document(terms=[asdict(term) for term in chosen]))
        return 0
    console = text_console()
    if not args.term:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for term in chosen:
            table.add_row(term.name, term.short)
        console.print(table)
        return 0
    (term,) = chosen
    console.print(term.title, style="bold")
    for paragraph in (term.short, *term.text):
        console.print(f"\n{paragraph}")
    if term.see:
        console.print(f"\nSee also: {', '.join(term.see)}", style="dim")
    return 0
