"""Messages as lines: one JSON object a line, a request and its answer paired by id.

A request is one line on the child's stdin, an answer one line on its stdout. Lines that are not answers are
noise (a wrapper script's greeting, a stray print) and are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from advisor.engine.protocol import Request

# An answer with this id is to nobody: the worker could not even start.
STARTUP_ID = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed in a worker that lives on. `kind` is one of worker/refusal.py's, or "bug"."""

    kind: str
    message: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One line from the worker: the fields of an answer, a failure, or what happens before either."""

    id: int
    answer: Mapping[str, Any]
    failure: Failure | None = None
    event: Mapping[str, Any] | None = None


def encode(request_id: int, request: Request) -> bytes:
    """The request as one line."""
    return json.dumps({"id": request_id, "do": request.do, **asdict(request)}).encode("ascii") + b"\n"


def decode(line: bytes) -> Reply | None:
    """The reply in one line, or None for noise."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or type(message.get("id")) is not int:
        return None
    answer, error = message.get("answer"), message.get("error")
    if isinstance(error, dict):
        lines = error.get("lines", [])
        failure = Failure(
            kind=str(error.get("kind", "bug")),
            message=str(error.get("message", "")),
            lines=tuple(str(text) for text in lines) if isinstance(lines, list) else (),
        )
        return Reply(message["id"], {}, failure)
    if isinstance(answer, dict):
        return Reply(message["id"], answer)
    event = message.get("event")
    return Reply(message["id"], {}, event=event) if isinstance(event, dict) else None
