"""Where a number comes from, and the notes that travel with an answer.

A number without its basis does not leave `advisor/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Basis(StrEnum):
    """How sure a number is, surest last."""

    ASSUMED = "assumed"  # a default or a published figure, not of this machine
    FORMULA = "formula"  # our own arithmetic from the GGUF header
    ENGINE_LOG = "engine-log"  # llama.cpp's log lines, rounded to 0.01 MiB
    ENGINE = "engine"  # llama.cpp's own breakdown, to the byte
    MEASURED = "measured"  # a real load on this machine


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know beside a number: `code` and `values` for machines, `text` for people.

    `values` holds the figures and names of the text, where there are any. They do not count for the hash.
    """

    code: str
    text: str
    values: Mapping[str, int | float | str] = field(default_factory=dict, hash=False)
