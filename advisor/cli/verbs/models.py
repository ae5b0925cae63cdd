"""`models`: the models on this computer, by store, with the largest safe context of each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from advisor.cli.asked.computer import opened_computer
from advisor.cli.documents.document import document, print_json
from advisor.cli.text.console import plain, progress, text_console
from advisor.errors import UsageError
from advisor.library.installed import LeftOut, Scan
from advisor.library.listing import header_cache
from advisor.library.listing.lines import left_out_to_dict, line_to_dict, to_text, unreadable_to_dict
from advisor.library.listing.listing import Listed, listed_or_left_out
from advisor.library.listing.serving import serve
from advisor.library.places import places_here
from advisor.library.scan import scan


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
        return 0
    from advisor.cli.text.models import print_left_out, print_models  # rich, which --json does not need

    console = text_console()
    print_models(console, lines)
    print_left_out(console, left_out, named=args.left_out)
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
