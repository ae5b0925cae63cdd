"""The choices of cache types and places as a table: what each holds, how fast it writes, what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.cli.text.speed import empty_to_full
from advisor.cli.text.verdicts import VERDICT_WORDS
from advisor.memory.plan import Verdict
from advisor.recommend.places import places
from advisor.recommend.result import Alternative, Recommendation
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.units import format_bytes, format_tokens

_MOST = 5  # rows beside what happens by itself


def main_choices(answer: Recommendation) -> tuple[Alternative, ...]:
    """The recommended row, and those that hold more or keep the cache more precise; else what is nearest."""
    ours = next((row for row in answer.alternatives if _is_recommended(row, answer)), None)
    if ours is None:
        held = tuple(row for row in answer.alternatives if row.n_ctx_max)[:_MOST]
        return held or ((answer.nearest,) if answer.nearest else answer.alternatives[:1])
    others = [
        row
        for row in answer.alternatives
        if row.n_ctx_max and (row.n_ctx_max > ours.n_ctx_max or _coarseness(row) < _coarseness(ours))
    ]
    shown = [ours, *(row for row in others if row is not ours)][:_MOST]
    return tuple(row for row in answer.alternatives if row in shown)


def print_alternatives(console: Console, answer: Recommendation, rows: Sequence[Alternative]) -> None:
    """First what happens by itself, then `rows`; the recommended one is marked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("KV cache K/V", overflow="fold")
    table.add_column("where", overflow="fold")
    table.add_column("largest safe", justify="right", no_wrap=True)
    table.add_column("memory", justify="right", no_wrap=True)
    has_speed = any(row.speed for row in rows)
    if has_speed:
        table.add_column("tokens/s", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    unchanged = answer.if_you_change_nothing.plan
    table.add_row(
        "  unchanged",
        _where(unchanged.settings, answer),
        f"{format_tokens(answer.if_you_change_nothing.n_ctx)} taken",
        format_bytes(unchanged.total_bytes),
        *([""] if has_speed else []),
        _short(unchanged.verdict),
        style="dim",
    )
    for row in rows:
        is_ours = _is_recommended(row, answer)
        table.add_row(
            f"{'>' if is_ours else ' '} {row.settings.cache_type_k}/{row.settings.cache_type_v}",
            _where(row.settings, answer),
            format_tokens(row.n_ctx_max) if row.n_ctx_max else "-",
            format_bytes(row.plan.total_bytes),
            *([empty_to_full(row.speed)] if has_speed else []),
            _short(row.verdict),
            style="bold" if is_ours else None,
        )
    console.print()
    console.print(table)


def _where(settings: LoadSettings, answer: Recommendation) -> str:
    """What differs from "all layers on the GPU", where anything does: a table is narrow."""
    found = places(settings, answer.model, has_gpu=len(answer.plan.memory) > 1)
    return found.removeprefix("all layers on the GPU, ")


def _is_recommended(row: Alternative, answer: Recommendation) -> bool:
    return bool(answer.n_ctx and row.n_ctx_max) and _choice(row.settings) == _choice(answer.settings)


def _choice(settings: LoadSettings) -> tuple[object, ...]:
    """What one row has that another has not."""
    return (
        *(settings.cache_type_k, settings.cache_type_v, settings.n_gpu_layers, settings.n_cpu_moe),
        *(settings.offload_kqv, settings.split_mode, settings.tensor_split, settings.devices),
    )


def _coarseness(row: Alternative) -> int:
    return sum(CACHE_TYPES.index(cache_type) for cache_type in row.cache_types)


def _short(verdict: Verdict) -> Text:
    """The verdict in a word or two: "needs offload"."""
    return Text(str(verdict).replace("-", " "), VERDICT_WORDS[verdict][1])
