"""A recommendation as text: one page for everybody, or all that is known.

The page: what it holds and how fast, why, the memory, the choices that hold more, the best levers, what to
do next. Whatever it leaves out is in the full text and in the JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from advisor.cli.text.alternatives import main_choices, print_alternatives
from advisor.cli.text.console import plain
from advisor.cli.text.levers import print_best_levers, print_levers, print_what_if_types
from advisor.cli.text.lines import BASIS_WORDS, beside, model_line, print_notes, tokens_words
from advisor.cli.text.memory import print_memory, print_memory_lines
from advisor.cli.text.need import print_need
from advisor.cli.text.next_steps import print_next_steps
from advisor.cli.text.precision import FULL_PRECISION, precision_words, print_qualities
from advisor.cli.text.speed import speed_lines
from advisor.cli.text.verdicts import VERDICT_WORDS
from advisor.recommend.need import NeedAnswer, in_words
from advisor.recommend.reasons import cache_name, format_rate, keeps_cache
from advisor.recommend.result import Goal, Recommendation
from advisor.units import format_seconds, format_tokens

# Reasons that say how a figure came about rather than what to think of it.
_DETAILS = {"cache-read", "ram-speed-assumed"}


def print_recommendation(
    console: Console,
    answer: Recommendation,
    need: NeedAnswer | None = None,
    *,
    steps: Sequence[tuple[str, str]] = (),
    in_full: bool = False,
) -> None:
    console.print(model_line(answer.model))
    console.print()
    _print_headline(console, answer)
    for line in speed_lines(answer.speed, in_full=in_full):
        console.print(Text(f"  {line}"))
    if need:
        print_need(console, need, in_full=in_full)
    _print_reasons(console, answer, in_full=in_full)
    if in_full:
        _print_all(console, answer)
    else:
        _print_the_most_useful(console, answer)
    print_notes(console, (*answer.plan.notes, *answer.hardware.findings))
    print_next_steps(console, steps)


def _print_headline(console: Console, answer: Recommendation) -> None:
    if not answer.n_ctx:
        words, colour = VERDICT_WORDS[answer.plan.verdict]
        console.print(Text.assemble(("No safe context here", f"bold {colour}"), f"  {words}"))
        return
    safe = f"  safe up to {format_tokens(answer.n_ctx_safe)}" if answer.n_ctx_safe > answer.n_ctx else ""
    tokens = tokens_words(answer.settings) + (" of context" if answer.settings.n_seq_max == 1 else "")
    console.print(Text.assemble((tokens, "bold green"), safe))
    cache = f", {_cache_words(answer)}" if keeps_cache(answer.model) else ""
    console.print(Text(f"  {in_words(answer.settings.n_ctx_per_slot)} of English{cache}"))


def _cache_words(answer: Recommendation) -> str:
    """ "f16 KV cache (full precision)", "q8_0 KV cache (8 bits: usually no loss that anyone notices)"."""
    words = precision_words(answer.settings)
    same = [row for row in answer.alternatives if cache_name(row.settings) == cache_name(answer.settings)]
    short = next((row.quality.values["short"] for row in same if row.quality), "")
    if words != FULL_PRECISION and short:
        words += f": {short}"
    return f"{cache_name(answer.settings)} KV cache ({plain(words)})"


def _print_reasons(console: Console, answer: Recommendation, *, in_full: bool) -> None:
    console.print()
    console.print(Text("Why", "bold"))
    console.print(Text(f"  {_goal_line(answer.goal)}"))
    if in_full:
        console.print(Text(f"  {_patience_line(answer.goal)}"))
    for reason in answer.reasons:
        if in_full or reason.code not in _DETAILS:
            console.print(Text(f"  {plain(reason.text)}"))
    console.print(Text(f"  If you change nothing: {answer.if_you_change_nothing.text}", "dim"))


def _goal_line(goal: Goal) -> str:
    """ "The goal is chat: 16,384 tokens. Others with --goal."."""
    wish = f"{format_tokens(goal.n_ctx)} tokens" if goal.n_ctx else "as many tokens as there are"
    each = f" for each of {goal.users} users" if goal.users > 1 else ""
    return f"The goal is {plain(goal.name)}: {wish}{each}. Others with --goal."


def _patience_line(goal: Goal) -> str:
    """What counts as fast enough for the goal, and how to say otherwise."""
    if goal.patience is None:
        return "Any speed will do. Otherwise with --patience-seconds and --patience-speed."
    wait, rate = format_seconds(goal.patience.seconds_to_first_token), goal.patience.tokens_per_second
    enough = f"a full context is read in {wait} and writes {format_rate(rate)} tokens/s"
    return f"Fast enough is: {enough}. Otherwise with --patience-seconds and --patience-speed."


def _print_the_most_useful(console: Console, answer: Recommendation) -> None:
    print_memory_lines(console, answer.plan)
    print_alternatives(console, answer, main_choices(answer))
    print_best_levers(console, answer.levers)


def _print_all(console: Console, answer: Recommendation) -> None:
    print_memory(console, answer.plan)
    console.print(Text(f"  {BASIS_WORDS[answer.plan.basis]}{beside(answer.plan)}", "dim"))
    print_alternatives(console, answer, answer.alternatives)
    print_levers(console, answer.levers)
    print_what_if_types(console, answer.what_if_types)
    print_qualities(console, [row for row in answer.alternatives if row.n_ctx_max])
