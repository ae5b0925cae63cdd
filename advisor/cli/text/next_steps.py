"""What to do next, as commands to copy: the words that were written, with another verb."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.text import Text

from advisor.cli.text.console import plain


def print_next_steps(console: Console, steps: Sequence[tuple[str, str]]) -> None:
    """What each is for, and its command."""
    if not steps:
        return
    console.print()
    console.print(Text("What next", "bold"))
    width = max(len(purpose) for purpose, _ in steps)
    for purpose, command in steps:
        line = Text.assemble((f"  {purpose:{width}}  ", "dim"), plain(command))
        # The terminal itself breaks a long line, so that a copied command is one; a group is left alone.
        console.print(Group(line), soft_wrap=True)
