"""A past proof as text: what it found, and for each device what was predicted and what was measured."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.text.console import plain
from advisor.history.comparison import comparisons
from advisor.history.record import ProbeRecord
from advisor.units import format_bytes, format_tokens


def print_proof(console: Console, record: ProbeRecord) -> None:
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
