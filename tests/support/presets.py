"""The shipped model presets, read once, and each header made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from advisor.gguf.header import GgufHeader
from advisor.model import ModelFacts, facts
from advisor.model.presets import ModelPreset, load_presets, models, preset_header

# What one's own models.toml must hold, at the least.
GGUF = {
    "block_count": 2,
    "context_length": 4096,
    "embedding_length": 256,
    "feed_forward_length": 512,
    "attention": {"head_count": 4, "head_count_kv": 2},
    "vocab_size": 1000,
}
ENTRY = {"title": "Small", "source": "https://example.org/small", "architecture": "llama", "gguf": GGUF}


@cache
def presets() -> dict[str, ModelPreset]:
    return load_presets()


@cache
def header_of(name: str, quantization: str | None = None) -> GgufHeader:
    """As `preset_header`, which reads presets/models.toml every time: that takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_presets", presets)
        return preset_header(name, quantization)


@cache
def facts_named(name: str, quantization: str | None = None) -> ModelFacts:
    return facts(header_of(name, quantization))


def distinct() -> list[str]:
    """One name of each group of models that differ in their weights alone: their headers are alike."""
    alike: dict[object, str] = {}
    for name, preset in presets().items():
        described = (
            preset.architecture,
            repr(preset.gguf_keys),
            preset.optional_tensors,
            preset.quantizations,
        )
        alike.setdefault(described, name)
    return list(alike.values())


def shipped(monkeypatch: pytest.MonkeyPatch, tables: Mapping[str, object]) -> None:
    """Let these be the tables of presets/models.toml, for `preset_header`."""
    monkeypatch.setattr(models, "read_toml", lambda _name: tables)
