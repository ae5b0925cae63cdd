"""The JSON lines of `probe`: one for each event, the last for the result."""

from __future__ import annotations

from dataclasses import asdict

from advisor.cli.documents.document import SCHEMA_VERSION, Document, notes_to_list
from advisor.cli.documents.plan import settings_to_dict
from advisor.probe.events import Event
from advisor.probe.result import Attempt, ProbeResult


def event_to_dict(now: Event) -> Document:
    """What is being done, or how an attempt ended."""
    if now.attempt is not None:
        return {"event": "attempt", "seconds": round(now.seconds, 3), **attempt_to_dict(now.attempt)}
    memory = now.memory
    return {
        "event": "progress",
        "stage": now.stage,
        "seconds": round(now.seconds, 3),
        "n_ctx": now.n_ctx,
        "n_filled": now.n_filled,
        "fraction": now.fraction,
        "tokens_per_second": now.tokens_per_second,
        "seconds_left": None if now.seconds_left is None else round(now.seconds_left, 1),
        "rss_bytes": memory.rss_bytes if memory else None,
        "peak_rss_bytes": now.peak_rss_bytes,
        "device_bytes": dict(now.devices),
    }


def attempt_to_dict(made: Attempt) -> Document:
    return {
        "n_ctx": made.n_ctx,
        "outcome": str(made.outcome),
        "detail": made.detail,
        "attempt_seconds": made.seconds,
    }


def result_to_dict(found: ProbeResult) -> Document:
    """The last line. `settings` are those that were proved, `safe` what is recommended."""
    return {
        "event": "result",
        "schema_version": SCHEMA_VERSION,
        "settings": settings_to_dict(found.settings),
        "limit": {"n_ctx": found.limit_n_ctx, "bound_by": str(found.bound_by)},
        "safe": {"n_ctx": found.safe_n_ctx},
        "proved": {
            "n_ctx": found.proved_n_ctx,
            "filled_tokens": found.filled_tokens,
            "method": str(found.method),
        },
        "predicted_bytes": dict(found.predicted_bytes),
        "measured_peak_bytes": dict(found.measured_peak_bytes),
        "measured_notes": notes_to_list(found.measured_notes),
        "speed": [asdict(point) for point in found.speed],
        "attempts": [attempt_to_dict(made) for made in found.attempts],
        "seconds": found.seconds,
    }
