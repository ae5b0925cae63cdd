"""A recommendation as text for people: headline first, then the memory, the choices and the levers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.basis import Basis
from advisor.cli.answer import plain
from advisor.cli.quality_words import print_qualities
from advisor.cli.tables import (
    BASIS_WORDS,
    VERDICT_WORDS,
    beside,
    model_line,
    print_memory,
    print_notes,
    tokens_words,
)
from advisor.memory.plan import Verdict
from advisor.recommend.need import NeedAnswer, in_words
from advisor.recommend.places import places
from advisor.recommend.reasons import cache_name, format_rate
from advisor.recommend.result import DecodeSpeed, Lever, Recommendation, Speed, WhatIfType
from advisor.recommend.what_if_types import NOT_IN_MAINLINE
from advisor.units import format_bytes, format_seconds, format_tokens

NEED_WORDS = {
    Basis.ENGINE: ", counted by the model's vocabulary",
    Basis.ASSUMED: ", estimated",
    None: "",
}


def print_recommendation(console: Console, answer: Recommendation, need: NeedAnswer | None = None) -> None:
    console.print(model_line(answer.model))
    console.print()
    _print_headline(console, answer)
    if need:
        print_need(console, need)
    console.print(Text(f"  {BASIS_WORDS[answer.plan.basis]}{beside(answer.plan)}", "dim"))
    for reason in answer.reasons:
        console.print(Text(f"  {plain(reason.text)}"))
    if answer.speed.decode:
        console.print(Text(f"  {_speed_line(answer.speed)}"))
        if first := _first_token_line(answer.speed):
            console.print(Text(f"  {first}"))
    console.print(Text(f"  If you change nothing: {answer.if_you_change_nothing.text}", "dim"))
    print_memory(console, answer.plan)
    _print_alternatives(console, answer)
    _print_levers(console, answer.levers)
    _print_what_if_types(console, answer.what_if_types)
    print_qualities(console, [row for row in answer.alternatives if row.n_ctx_max])
    print_notes(console, (*answer.plan.notes, *answer.hardware.findings))


def _print_headline(console: Console, answer: Recommendation) -> None:
    cache = cache_name(answer.settings)
    if not answer.n_ctx:
        words, colour = VERDICT_WORDS[answer.plan.verdict]
        console.print(Text.assemble(("No safe context here", f"bold {colour}"), f"  {words}"))
        return
    safe = f", safe up to {format_tokens(answer.n_ctx_safe)}" if answer.n_ctx_safe > answer.n_ctx else ""
    console.print(
        Text.assemble((f"{tokens_words(answer.settings)}", "bold green"), f"  with {cache} KV cache{safe}")
    )
    console.print(Text(f"  {in_words(answer.settings.n_ctx_per_slot)} of English", "dim"))


def print_need(console: Console, answer: NeedAnswer) -> None:
    """Whether the text fits, what it is made of, and what would help."""
    console.print(Text(f"  {answer.verdict.text}", "green" if answer.fits else "yellow"))
    need = answer.need
    for part in need.parts:
        how = NEED_WORDS[part.basis]
        console.print(Text(f"    {plain(part.name)}: {format_tokens(part.n_tokens)} tokens{how}", "dim"))
        if part.note:
            console.print(Text(f"      {plain(part.note.text)}", "dim"))
    rest = f"answer {format_tokens(need.answer_tokens)}, chat template about {need.template_tokens} (assumed)"
    console.print(Text(f"    {rest}", "dim"))
    for lever in answer.levers:
        console.print(Text(f"    {plain(lever.text)}"))


def _speed_line(speed: Speed) -> str:
    """ "about 50 to 85 tokens/s at the start, 20 to 35 when the context is full"."""
    start, full = _rates(speed.decode[0]), _rates(speed.decode[-1])
    source = "assumed from memory bandwidth" if speed.basis is Basis.ASSUMED else BASIS_WORDS[speed.basis]
    return f"about {start} tokens/s at the start, {full} when the context is full ({source})"


_ANY_PROCESSOR = 10  # a range as wide as this is one of processors that are not known


def _first_token_line(speed: Speed) -> str | None:
    """ "a prompt that fills the context: first token after 8 s to 21 s"; None where it is not known."""
    if speed.time_to_first_token_s is None:
        return None
    latest, soonest = format_seconds(speed.time_to_first_token_s), speed.time_to_first_token_low_s
    span = latest if soonest is None else f"{format_seconds(soonest)} to {latest}"
    source = BASIS_WORDS[speed.basis]
    if speed.basis is Basis.ASSUMED:
        source = "assumed from published runs"
        if soonest is not None and speed.time_to_first_token_s > _ANY_PROCESSOR * soonest:
            source += " on slow and on fast processors"
    full = speed.first_token[-1].prompt_tokens if speed.first_token else 0
    short = next((point for point in speed.first_token if point.prompt_tokens < full), None)
    of_short = ""
    if short:
        wait = f"{format_seconds(short.low_s)} to {format_seconds(short.high_s)}"
        of_short = f", one of {format_tokens(short.prompt_tokens)} tokens after {wait}"
    return f"a prompt that fills the context: first token after {span}{of_short} ({source})"


def _rates(point: DecodeSpeed) -> str:
    low = format_rate(point.tokens_per_second)
    return low if point.high is None else f"{low} to {format_rate(point.high)}"


def _print_alternatives(console: Console, answer: Recommendation) -> None:
    """First what happens by itself, then the choices: what each holds, how fast it writes, what it costs."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("KV cache K/V", overflow="fold")
    table.add_column("where", overflow="fold")
    table.add_column("largest safe", justify="right", no_wrap=True)
    table.add_column("memory", justify="right", no_wrap=True)
    has_speed = any(row.speed for row in answer.alternatives)
    if has_speed:
        table.add_column("tokens/s", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    has_gpu = len(answer.plan.memory) > 1
    unchanged = answer.if_you_change_nothing.plan
    table.add_row(
        "  unchanged",
        places(unchanged.settings, answer.model, has_gpu=has_gpu),
        f"{format_tokens(answer.if_you_change_nothing.n_ctx)} taken",
        format_bytes(unchanged.total_bytes),
        *([""] if has_speed else []),
        _short(unchanged.verdict),
        style="dim",
    )
    for row in answer.alternatives:
        table.add_row(
            f"  {row.settings.cache_type_k}/{row.settings.cache_type_v}",
            places(row.settings, answer.model, has_gpu=has_gpu),
            format_tokens(row.n_ctx_max) if row.n_ctx_max else "-",
            format_bytes(row.plan.total_bytes),
            *([_empty_to_full(row.speed)] if has_speed else []),
            _short(row.verdict),
        )
    console.print()
    console.print(table)


def _short(verdict: Verdict) -> Text:
    """The verdict in a word or two: "needs offload"."""
    return Text(str(verdict).replace("-", " "), VERDICT_WORDS[verdict][1])


def _empty_to_full(speed: tuple[DecodeSpeed, ...]) -> str:
    """The cautious figures at both ends: "55 to 37"; nothing where they are not known."""
    return " to ".join(dict.fromkeys(format_rate(point.tokens_per_second) for point in speed))


def _print_levers(console: Console, levers: Sequence[Lever]) -> None:
    """What buys something, then what would cost something: tokens and bytes, and what else each does."""
    buying = [lever for lever in levers if _buys(lever)]
    costing = [lever for lever in levers if not _buys(lever)]
    for title, shown in (("What you could change", buying), ("What would cost memory or tokens", costing)):
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column(title, overflow="fold")
        table.add_column("tokens", justify="right", no_wrap=True)
        table.add_column("memory", no_wrap=True)
        table.add_column("", style="dim", overflow="fold")
        for lever in shown:
            frees = "frees" if lever.gain_bytes > 0 else "takes"
            table.add_row(
                f"  {plain(lever.title or lever.text)}",
                f"{lever.gain_tokens:+,}" if lever.gain_tokens else "",
                f"{frees} {format_bytes(abs(lever.gain_bytes))}" if lever.gain_bytes else "",
                plain("; ".join(part for part in (lever.detail, lever.command) if part)),
            )
        if table.row_count:
            console.print()
            console.print(table)


def _buys(lever: Lever) -> bool:
    return lever.gain_tokens > 0 or (lever.gain_tokens == 0 and lever.gain_bytes > 0)


def _print_what_if_types(console: Console, types: Iterable[WhatIfType]) -> None:
    """Cache types that only forks have: a look ahead, not an advice."""
    table = Table(box=None, pad_edge=False, header_style="bold", style="dim")
    table.add_column("If your build has these KV types", overflow="fold")
    table.add_column("would hold", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in types:
        if row.n_ctx_max:
            holds = f"about {format_tokens(row.n_ctx_max)}"
            table.add_row(f"  {plain(row.name)}", holds, plain(f"{NOT_IN_MAINLINE}, only in {row.fork}"))
    if table.row_count:
        console.print()
        console.print(table)
