"""`export --apply`, `--run` and `--check`: what it does beyond being shown, each only when asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from advisor.cli.documents.document import Document
from advisor.cli.text.console import plain
from advisor.errors import UsageError
from advisor.export.applying import apply, planned
from advisor.export.comparing import Compared, ThisModel, also_loaded, compared
from advisor.export.export import Export
from advisor.export.loaded import ask
from advisor.export.running import run_programs
from advisor.library.places import places_here
from advisor.settings.load_settings import LoadSettings


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


def checked(args: argparse.Namespace, settings: LoadSettings, model: ThisModel) -> list[Document]:
    """What the running program has loaded and where that differs, told on stderr unless --json."""
    found = compared(ask(args.to, args.check or None), model, settings)
    if not args.json:
        for line in _told(found):
            _say(line)
    return [
        {
            "name": it.loaded.name,
            "is_this_model": it.is_this,
            "path": it.loaded.path,
            "n_ctx_per_slot": it.loaded.n_ctx,
            "n_slots": it.loaded.n_slots,
            "size_bytes": it.loaded.size_bytes,
            "on_gpu_bytes": it.loaded.on_gpu_bytes,
            "differences": list(it.differences),
        }
        for it in found
    ]


def _told(found: tuple[Compared, ...]) -> Iterator[str]:
    if not found:
        yield "Nothing is loaded there now."
    elif all(it.is_this is False for it in found):
        yield "This model is not loaded there now."
    for it in found:
        if it.is_this is False:
            yield also_loaded(it.loaded)
            continue
        yield from it.differences or (f"Loaded as planned: {it.loaded.name}.",)
        if it.is_this is None:
            yield f"Whether {it.loaded.name} is the same file is not told there."


def _agrees(question: str) -> bool:
    """Asks, where there is somebody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(line: str) -> None:
    print(plain(line), file=sys.stderr)
