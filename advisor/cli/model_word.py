"""What a person may write for MODEL."""

from __future__ import annotations

from pathlib import Path

from advisor.model import ModelFacts, read_model


def model_named(word: str) -> ModelFacts:
    """The model that `word` names: a GGUF file or any shard of one. Raises ModelError leaves."""
    return read_model(Path(word))
