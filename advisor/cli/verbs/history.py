"""`history`: past proofs, predicted against measured."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from advisor.cli.documents.document import SCHEMA_VERSION
from advisor.cli.text.console import plain, text_console
from advisor.errors import UsageError
from advisor.export.export import Export, File
from advisor.export.writing import write_export
from advisor.history.comparison import as_csv, as_json
from advisor.history.record import ProbeRecord
from advisor.history.store import History


def run(args: argparse.Namespace) -> int:
    history = History()
    if args.clear:
        return _clear(history, is_sure=args.yes, as_json_document=args.json)
    records = _chosen(history.records(), " ".join(args.model))
    if args.export:
        _export(records, Path(args.export), force=args.force)
    if args.json:
        sys.stdout.write(as_json(records, SCHEMA_VERSION))
        for note in history.notes:
            print(note.text, file=sys.stderr)
        return 0
    if args.export:
        print(f"Written: {plain(args.export)}", file=sys.stderr)
    from advisor.cli.text.history import print_proof  # rich, which --json does not need
    from advisor.cli.text.lines import print_notes

    console = text_console()
    if not args.export:
        for record in records:
            print_proof(console, record)
        if not records:
            which = "no proofs of such a model" if args.model else "no proofs"
            console.print(f"There are {which} yet. Make one with: context-advisor probe MODEL")
    print_notes(console, history.notes)
    return 0


def _chosen(records: tuple[ProbeRecord, ...], word: str) -> tuple[ProbeRecord, ...]:
    """Those whose model's name or file has the word in it."""
    sought = word.casefold()
    return tuple(it for it in records if sought in f"{it.model_name}\n{it.path or ''}".casefold())


def _export(records: tuple[ProbeRecord, ...], place: Path, *, force: bool) -> None:
    suffix = place.suffix.lower()
    if suffix == ".csv":
        text = as_csv(records)
    elif suffix == ".json":
        text = as_json(records, SCHEMA_VERSION)
    else:
        raise UsageError(
            f"{place} is neither a CSV nor a JSON file.", hint="Give it a name that ends in .csv or .json."
        )
    file = File(place.name, text)
    write_export(Export(runtime="", files=(file,), verified_with=""), place, force=force)


def _clear(history: History, *, is_sure: bool, as_json_document: bool) -> int:
    if not is_sure and not _agrees(len(history.records())):
        raise UsageError(
            "Nothing was removed.", hint="Add --yes to --clear to forget all proofs.", code="not-confirmed"
        )
    n_removed = history.clear()
    if as_json_document:
        sys.stdout.write(as_json((), SCHEMA_VERSION))
    else:
        print(f"Forgotten: {n_removed} proofs.", file=sys.stderr)
    return 0


def _agrees(n_records: int) -> bool:
    """Asks, where there is somebody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"Forget all {n_records} proofs, and what they taught? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
