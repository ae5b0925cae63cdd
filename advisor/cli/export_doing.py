"""`export --apply`, `--run` and `--check`: what it does beyond being shown, each only when asked for."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

from advisor.cli.answer import plain
from advisor.errors import UsageError
from advisor.export.applying import apply, planned, run_programs
from advisor.export.export import Export
from advisor.export.loaded import ask, differences
from advisor.library.places import places_here
from advisor.settings.load_settings import LoadSettings

Document = dict[str, object]


def check_words(args: argparse.Namespace) -> None:
    """Raises UsageError for options that do nothing alone."""
    for option, needed in (("run", "apply"), ("yes", "apply")):
        if getattr(args, option) and not getattr(args, needed):
            raise UsageError(f"--{option} does nothing without --{needed}.", hint=f"Add --{needed}.")


def applied(args: argparse.Namespace, export: Export, *, fits: bool) -> Document:
    """Write the export where its runtime reads it, after a yes; the difference is shown on stderr first.

    Raises UsageError without a yes and for settings that do not run here (unless --force), OutputError for
    what could not be written or run.
    """
    change = planned(export, Path(args.output) if args.output else None, places_here())
    if not fits and not args.force:
        raise UsageError(
            "These settings do not run here, so nothing was changed.",
            hint="Look at context-advisor plan, or add --force to write them all the same.",
            code="does-not-fit",
        )
    difference = change.difference()
    sys.stderr.write("".join(f"{plain(line)}\n" for line in difference.splitlines()))
    backup = None
    if not change.is_one:
        _say(f"{change.path} says this already.")
    else:
        if not args.yes and not _agrees(f"Write {plain(str(change.path))}? [y/N] "):
            raise UsageError("Nothing was changed.", hint="Add --yes to write it.", code="not-confirmed")
        backup = apply(change, datetime.now().astimezone())
        _say(f"Written: {change.path}")
        if backup:
            _say(f"What was there before: {backup}")
    if args.run:
        run_programs(export, change.path, os.environ)
    return {
        "path": str(change.path),
        "backup": str(backup) if backup else None,
        "difference": difference,
        "ran": [list(words) for words in export.programs] if args.run else [],
    }


def checked(args: argparse.Namespace, settings: LoadSettings) -> list[Document]:
    """What the running server has loaded and where that differs, told on stderr unless --json."""
    found: list[Document] = []
    for it in ask(args.to, args.check or None):
        wrong = differences(it, settings)
        found.append(
            {
                "name": it.name,
                "n_ctx_per_slot": it.n_ctx,
                "n_slots": it.n_slots,
                "size_bytes": it.size_bytes,
                "on_gpu_bytes": it.on_gpu_bytes,
                "differences": list(wrong),
            }
        )
        if not args.json:
            for line in wrong or (f"Loaded as planned: {it.name}.",):
                _say(line)
    if not found and not args.json:
        _say("Nothing is loaded there now.")
    return found


def _agrees(question: str) -> bool:
    """Asks, where there is somebody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(line: str) -> None:
    print(plain(line), file=sys.stderr)
