"""A plan as text: the verdict, the memory, and what another program would take for the same words."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.text.lines import BASIS_WORDS, beside, model_line, print_notes, tokens_words
from advisor.cli.text.memory import print_memory
from advisor.cli.text.verdicts import VERDICT_WORDS
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.programs.other_runtimes import OtherRuntime
from advisor.units import format_bytes


def print_plan(console: Console, facts: ModelFacts, plan: MemoryPlan, others: Iterable[OtherRuntime]) -> None:
    console.print(model_line(facts))
    console.print()
    words, colour = VERDICT_WORDS[plan.verdict]
    console.print(Text.assemble((f"{tokens_words(plan.settings)}: ", "bold"), (words, f"bold {colour}")))
    basis = f"{BASIS_WORDS[plan.basis]}, as {plan.settings.runtime} would load it"
    console.print(Text(f"  {basis}{beside(plan)}", "dim"))
    print_memory(console, plan)
    for later in plan.later:
        console.print(
            Text(f"  later, while it runs: {later.what}, up to {format_bytes(later.n_bytes)}", "dim")
        )
    _print_others(console, others)
    print_notes(console, plan.notes)


def _print_others(console: Console, others: Iterable[OtherRuntime]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("The same context elsewhere")
    table.add_column("memory", justify="right")
    table.add_column("because", style="dim", overflow="fold")
    for other in others:
        because = "; ".join(other.reasons) or "no difference"
        table.add_row(f"  {other.title}", format_bytes(other.plan.total_bytes), because)
    if table.row_count:
        console.print()
        console.print(table)
