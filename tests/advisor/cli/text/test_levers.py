"""Levers as people see them: which of them a page has, and what it says of each."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from advisor.cli.text.levers import best_levers, print_best_levers, print_levers
from advisor.recommend.result import Lever

TYPES = tuple(Lever(f"cache-type-{name}-{name}", name, 1024, 10) for name in ("q8_0", "q5_0", "q4_0", "q4_1"))
CLOSE = Lever("close", "Close: +1", 512, 0, title="Close programs", detail="at most", command="ollama stop x")
FREES = Lever("ubatch", "Smaller", 0, 2048, title="ubatch 256")
COSTS = Lever("flash", "Off", -512, -10, title="Flash attention off")


def said(*levers: Lever) -> str:
    out = StringIO()
    print_best_levers(Console(width=160, file=out), levers)
    return out.getvalue()


def test_what_buys_nothing_is_not_among_the_best() -> None:
    assert said() == ""
    assert said(COSTS, Lever("same", "Same", 0, 0)) == ""


def test_not_all_of_the_best_are_cache_types() -> None:
    assert best_levers((*TYPES, COSTS, CLOSE, FREES)) == (*TYPES[:2], CLOSE, FREES)
    assert len(best_levers([CLOSE] * 9)) == 4


def test_tokens_are_what_counts_and_bytes_where_there_are_none() -> None:
    lines = said(TYPES[0], CLOSE, FREES).splitlines()
    assert "+1,024 tokens" in lines[2]
    assert "frees" not in lines[2]
    assert "+512 tokens" in lines[3]
    assert "at most; ollama stop x" in lines[3]
    assert "frees 2.0 KiB" in lines[4]


def test_the_full_list_has_both_and_what_costs() -> None:
    out = StringIO()
    print_levers(Console(width=160, file=out), (*TYPES, CLOSE, FREES, COSTS))
    text = out.getvalue()
    assert all(lever.text in text for lever in TYPES)
    assert "frees 10 B" in text
    assert text.index("What would cost") < text.index("Flash attention off")
