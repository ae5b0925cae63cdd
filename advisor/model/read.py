"""From a path to facts: the two steps that always come together for a file."""

from __future__ import annotations

from pathlib import Path

from advisor.gguf import read_header
from advisor.model.build import facts
from advisor.model.facts import ModelFacts


def read_model(path: Path) -> ModelFacts:
    """The facts of the model at `path`: a GGUF file, or any part of a split one. Raises ModelError leaves."""
    return facts(read_header(path))
