"""What `probe` says while it runs: JSON lines on stdout, or one live line on a terminal's stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator

from advisor.cli.documents.probe import event_to_dict
from advisor.probe.events import Event
from advisor.units import format_bytes, format_tokens

Say = Callable[[Event], None]

STAGES = {
    "planning": "Asking llama.cpp where the limit should be",
    "loading": "Loading the model",
    "warming-up": "Warming up",
    "allocating": "Allocating {n_ctx} tokens",
    "measuring": "Measuring {n_ctx} tokens",
    "filling": "Filling {n_ctx} tokens",
}


@contextlib.contextmanager
def saying(*, as_json: bool, quiet: bool) -> Iterator[Say]:
    """Who is to be told of each event for as long as the block lasts."""
    if as_json:
        yield _as_json
    elif quiet or not sys.stderr.isatty():
        yield _nothing
    else:
        from rich.console import Console  # takes 60 ms, and --json does not need it

        with Console(stderr=True).status("Proving ...") as status:

            def show(now: Event) -> None:
                status.update(line(now))

            yield show


def line(now: Event) -> str:
    """ "Filling 32,768 tokens · 8,192 filled · 512.0 MiB now, 530.1 MiB at most · 27 s left"."""
    if now.attempt is not None:
        return f"{format_tokens(now.n_ctx)} tokens: {now.attempt.outcome}"
    parts = [STAGES.get(now.stage, now.stage).format(n_ctx=format_tokens(now.n_ctx))]
    if now.fraction is not None:
        parts.append(f"{now.fraction:.0%}")
    if now.n_filled:
        parts.append(f"{format_tokens(now.n_filled)} filled")
    if now.memory and now.memory.rss_bytes is not None:
        most = f", {format_bytes(now.peak_rss_bytes)} at most" if now.peak_rss_bytes is not None else ""
        parts.append(f"{format_bytes(now.memory.rss_bytes)} now{most}")
    parts += [f"{name} {format_bytes(n_bytes)} in use" for name, n_bytes in now.devices.items()]
    if now.tokens_per_second:
        parts.append(f"{now.tokens_per_second:,.0f} tokens/s")
    if now.seconds_left is not None:
        parts.append(f"{now.seconds_left:,.0f} s left")
    return " · ".join(parts)


def _as_json(now: Event) -> None:
    print(json.dumps(event_to_dict(now)), flush=True)


def _nothing(_now: Event) -> None:
    """Nobody looks."""
