"""What a person would ask next: the words that were written, with another verb."""

from __future__ import annotations

import argparse

from advisor.cli.asked.model import is_here
from advisor.cli.asked.need import is_need_said
from advisor.cli.options.verb_groups import default_shell
from advisor.errors import UsageError
from advisor.export.quoting import command_line
from advisor.recommend.result import Recommendation

_TALK = {"--verbose", "--quiet"}  # how this answer was told, not what was asked


def next_steps(args: argparse.Namespace, answer: Recommendation) -> tuple[tuple[str, str], ...]:
    """What each is for, and its command to copy; those alone that will take the same words.

    None of them for words that no line of text carries.
    """
    _, *words = (word for word in args.words if word not in _TALK)
    found = []
    if answer.n_ctx and not args.save_goal:
        if _can_be_proved(args):
            found.append(("prove it", ["probe", *words]))
        found.append(("use it", ["export", *words, "--to", answer.settings.runtime]))
    if not args.verbose and not args.save_goal:
        found.append(("see all of it", ["recommend", *words, "--verbose"]))
    found.append(("what a word means", ["explain", "KV", "cache"]))
    try:
        return tuple(
            (purpose, command_line(["context-advisor", *line], default_shell())) for purpose, line in found
        )
    except UsageError:
        return ()


def _can_be_proved(args: argparse.Namespace) -> bool:
    """A file on this computer, on this computer; and a proof is not told what text is to be sent."""
    is_what_if = args.gpu or args.vram or args.ram or args.hardware
    return is_here(args.model) and not is_what_if and args.basis != "formula" and not is_need_said(args)
