"""The result of `probe` as text for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.text.console import plain
from advisor.cli.text.lines import model_line, print_notes
from advisor.engine.proof import FillMethod
from advisor.model.facts import ModelFacts
from advisor.probe.result import BoundBy, Outcome, ProbeResult
from advisor.units import format_bytes, format_tokens

BOUND_BY = {
    BoundBy.MEMORY: "more does not fit into memory",
    BoundBy.RESERVE: "more would take the RAM that is kept in reserve",
    BoundBy.TRAINING_CONTEXT: "the model was trained for no more",
    BoundBy.REQUESTED: "as asked for",
    BoundBy.TIME: "the time was up; more may be possible",
}


def print_result(console: Console, facts: ModelFacts, found: ProbeResult) -> None:
    console.print(model_line(facts))
    console.print()
    safe = format_tokens(found.safe_n_ctx) if found.safe_n_ctx else "none"
    console.print(Text.assemble(("Safe here: ", "bold"), (f"{safe} tokens", "bold green")))
    limit = f"Limit: {format_tokens(found.limit_n_ctx)} tokens really worked; {BOUND_BY[found.bound_by]}"
    console.print(Text(f"  {limit}."))
    console.print(Text(f"  {_filled(found)} {found.seconds:.1f} s in all.", "dim"))
    console.print()
    console.print(_memory(found))
    console.print()
    console.print(_speed(found))
    console.print()
    console.print(_attempts(found))
    print_notes(console, found.measured_notes)


def _filled(found: ProbeResult) -> str:
    how = "by copies of one decoded chunk" if found.method is FillMethod.COPY else "token by token"
    return (
        f"{format_tokens(found.filled_tokens)} of {format_tokens(found.proved_n_ctx)} tokens filled, {how}."
    )


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _memory(found: ProbeResult) -> Table:
    table = _table(f"Memory at {format_tokens(found.proved_n_ctx)} tokens", "predicted", "measured", "off by")
    for device, expected in found.predicted_bytes.items():
        peak = found.measured_peak_bytes.get(device)
        measured = "not told" if peak is None else format_bytes(peak)
        off = "" if not peak else f"{100 * (expected - peak) / peak:+.1f} %"
        table.add_row(f"  {plain(device)}", format_bytes(expected), measured, off)
    return table


def _speed(found: ProbeResult) -> Table:
    table = _table("Speed at a depth of", "reading, tokens/s", "writing, tokens/s")
    for point in found.speed:
        reads, writes = point.prefill_tokens_per_second, point.decode_tokens_per_second
        table.add_row(
            f"  {format_tokens(point.depth)}",
            "-" if reads is None else f"{reads:,.1f}",
            "-" if writes is None else f"{writes:,.1f}",
        )
    return table


def _attempts(found: ProbeResult) -> Table:
    table = _table("Attempts", "seconds")
    table.add_column("outcome")
    table.add_column("", style="dim", overflow="fold")
    for attempt in found.attempts:
        colour = "green" if attempt.outcome is Outcome.OK else "yellow"
        table.add_row(
            f"  {format_tokens(attempt.n_ctx)}",
            f"{attempt.seconds:.1f}",
            Text(str(attempt.outcome), colour),
            plain(attempt.detail),
        )
    return table
