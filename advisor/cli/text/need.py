"""Whether a text fits: the verdict, what the need is made of, and what would help."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from advisor.basis import Basis
from advisor.cli.text.console import plain
from advisor.recommend.need import NeedAnswer
from advisor.units import format_tokens

_COUNTED = {
    Basis.ENGINE: ", counted by the model's vocabulary",
    Basis.ASSUMED: ", estimated",
    None: "",
}


def print_need(console: Console, answer: NeedAnswer, *, in_full: bool = False) -> None:
    """Whether the text fits, what it is made of, and what would help."""
    console.print(Text(f"  {answer.verdict.text}", "green" if answer.fits else "yellow"))
    need = answer.need
    for part in need.parts:
        how = _COUNTED[part.basis]
        console.print(Text(f"    {plain(part.name)}: {format_tokens(part.n_tokens)} tokens{how}", "dim"))
        if part.note and in_full:
            console.print(Text(f"      {plain(part.note.text)}", "dim"))
    rest = f"answer {format_tokens(need.answer_tokens)}, chat template about {need.template_tokens} (assumed)"
    console.print(Text(f"    {rest}", "dim"))
    for lever in answer.levers:
        console.print(Text(f"    {plain(lever.text)}"))
