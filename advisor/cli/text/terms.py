"""The field's terms as text: one in full, or all of them in a line each."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from advisor.terms import Term


def print_term(console: Console, term: Term) -> None:
    console.print(term.title, style="bold")
    for paragraph in (term.short, *term.text):
        console.print(f"\n{paragraph}")
    if term.see:
        console.print(f"\nSee also: {', '.join(term.see)}", style="dim")


def print_terms(console: Console, terms: Iterable[Term]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for term in terms:
        table.add_row(term.name, term.short)
    console.print(table)
