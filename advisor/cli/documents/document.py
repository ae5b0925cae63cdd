"""One answer as JSON: its frame, an error, notes, and how it leaves on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from advisor.basis import Note
from advisor.errors import AdvisorError

SCHEMA_VERSION = 1

Document = dict[str, Any]


def document(**parts: object) -> Document:
    """One answer: the schema version first, then its parts."""
    return {"schema_version": SCHEMA_VERSION, **parts}


def error(problem: AdvisorError) -> Document:
    """The document of an error."""
    return document(error={"code": problem.code, "message": problem.message, "hint": problem.hint})


def notes_to_list(items: Iterable[Note]) -> list[Document]:
    """Each with the figures and names of its text, so that no script has to read sentences."""
    return [{"code": note.code, "text": note.text, "values": dict(note.values)} for note in items]


def print_json(answer: Document) -> None:
    """The document on stdout, readable, in one write."""
    text = json.dumps(answer, indent=1, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a pipe on Windows, or a file name that is no text
        text = json.dumps(answer, indent=1)
    sys.stdout.write(f"{text}\n")
