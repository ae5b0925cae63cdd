"""How fast it will be, in two lines: writing an answer, and reading a prompt before it."""

from __future__ import annotations

from advisor.basis import Basis
from advisor.cli.text.lines import BASIS_WORDS
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import DecodeSpeed, FirstToken, Speed
from advisor.units import format_seconds, format_tokens

_ANY_PROCESSOR = 10  # a range as wide as this is one of processors that are not known


def speed_lines(speed: Speed, *, in_full: bool) -> tuple[str, ...]:
    """Nothing of what is not known. What it is assumed from is said in full."""
    if not speed.decode:
        return ()
    first = _reading_line(speed, in_full=in_full)
    return (_writing_line(speed, in_full=in_full), *([first] if first else []))


def empty_to_full(points: tuple[DecodeSpeed, ...]) -> str:
    """The cautious figures at both ends: "55 to 37"; nothing where they are not known."""
    return " to ".join(dict.fromkeys(format_rate(point.tokens_per_second) for point in points))


def _writing_line(speed: Speed, *, in_full: bool) -> str:
    """ "writes 50 to 85 tokens/s, 20 to 35 when the context is full"."""
    start, full = _rates(speed.decode[0]), _rates(speed.decode[-1])
    source = BASIS_WORDS[speed.basis]
    if speed.basis is Basis.ASSUMED and in_full:
        source = "assumed from memory bandwidth"
    when_full = f", {full} when the context is full" if full != start else ""
    return f"writes {start} tokens/s{when_full} ({source})"


def _reading_line(speed: Speed, *, in_full: bool) -> str | None:
    """ "reads a prompt of 1,024 tokens in 0.3 s to 2 s, a full context in 8 s to 21 s"."""
    if speed.time_to_first_token_s is None:
        return None
    latest, soonest = format_seconds(speed.time_to_first_token_s), speed.time_to_first_token_low_s
    of_full = latest if soonest is None else f"{format_seconds(soonest)} to {latest}"
    source = BASIS_WORDS[speed.basis]
    if speed.basis is Basis.ASSUMED and in_full:
        source = "assumed from published runs"
        if soonest is not None and speed.time_to_first_token_s > _ANY_PROCESSOR * soonest:
            source += " on slow and on fast processors"
    full = speed.first_token[-1].prompt_tokens if speed.first_token else 0
    short = next((_wait(point) for point in speed.first_token if point.prompt_tokens < full), "")
    return f"reads {short}a full context in {of_full} ({source})"


def _wait(point: FirstToken) -> str:
    span = f"{format_seconds(point.low_s)} to {format_seconds(point.high_s)}"
    return f"a prompt of {format_tokens(point.prompt_tokens)} tokens in {span}, "


def _rates(point: DecodeSpeed) -> str:
    low = format_rate(point.tokens_per_second)
    return low if point.high is None else f"{low} to {format_rate(point.high)}"
