"""`history`: past proofs, predicted against measured."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli import documents
from advisor.cli.answer import plain, text_console
from advisor.cli.tables import print_notes
from advisor.errors import UsageError
from advisor.export.export import Export, File
from advisor.export.writing import write_export
from advisor.history.comparison import as_csv, as_json, comparisons
from advisor.history.record import ProbeRecord
from advisor.history.store import History
from advisor.units import format_bytes, format_tokens


def run(args: argparse.Namespace) -> int:
    history = History()
    if args.clear:
        return _clear(history, is_sure=args.yes, as_json_document=args.json)
    records = _chosen(history.records(), " ".join(args.model))
    if args.export:
        _export(records, Path(args.export), force=args.force)
    if args.json:
        sys.stdout.write(as_json(records, documents.SCHEMA_VERSION))
        for note in history.notes:
            print(note.text, file=sys.stderr)
        return 0
    if args.export:
        print(f"Written: {plain(args.export)}", file=sys.stderr)
    console = text_console()
    if not args.export:
        for record in records:
            _print_proof(console, record)
        if not records:
            which = "no proofs of such a model" if args.model else "no proofs"
            console.print(f"There are {which} yet. Make one with: context-advisor probe MODEL")
    print_notes(console, history.notes)
    return 0


def _chosen(records: tuple[ProbeRecord, ...], word: str) -> tuple[ProbeRecord, ...]:
    """Those whose model's name or file has the word in it."""
    sought = word.casefold()
    return tuple(it for it in records if sought in f"{it.model_name}\n{it.path or ''}".casefold())


def _print_proof(console: Console, record: ProbeRecord) -> None:
    """One line of what it found, then a line for each device."""
    result, settings = record.result, record.result.settings
    name = plain(f"{record.model_name} {record.quantization}")
    limit, safe, filled = (
        format_tokens(n) for n in (result.limit_n_ctx, result.safe_n_ctx, result.filled_tokens)
    )
    cache = f"{settings.cache_type_k}/{settings.cache_type_v} KV cache"
    found = f"{cache}, limit {limit}, safe {safe}, {filled} tokens filled"
    when = record.at[:16].replace("T", " ")
    console.print(Text.assemble((when, "dim"), "  ", (name, "bold")))
    console.print(Text(f"  {found}"))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(min_width=16, overflow="fold")
    for width in (22, 22, 14):
        table.add_column(min_width=width, justify="right")
    for it in comparisons(record):
        measured, error = it.measured_bytes, it.error_percent
        table.add_row(
            f"  {plain(it.device)}",
            f"predicted {format_bytes(it.predicted_bytes)}",
            "not measured" if measured is None else f"measured {format_bytes(measured)}",
            "" if error is None else f"off by {error:+.1f} %",
        )
    console.print(table)


def _export(records: tuple[ProbeRecord, ...], place: Path, *, force: bool) -> None:
    suffix = place.suffix.lower()
    if suffix == ".csv":
        text = as_csv(records)
    elif suffix == ".json":
        text = as_json(records, documents.SCHEMA_VERSION)
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
        sys.stdout.write(as_json((), documents.SCHEMA_VERSION))
    else:
        print(f"Forgotten: {n_removed} proofs.", file=sys.stderr)
    return 0


def _agrees(n_records: int) -> bool:
    """Asks, where there is somebody to ask."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"Forget all {n_records} proofs, and what they taught? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
