"""The JSON of a model: the facts that scripts ask for, and what its layers keep."""

from __future__ import annotations

from dataclasses import asdict

from advisor.cli.documents.document import Document, notes_to_list
from advisor.memory.kv_cache import bytes_per_token
from advisor.model import AttentionSummary, ModelFacts
from advisor.settings.load_settings import CACHE_TYPES


def model_to_dict(facts: ModelFacts) -> Document:
    """The model's facts that scripts ask for; null for a cache type that its head size forbids."""
    return {
        "path": str(facts.path) if facts.path else None,
        "name": facts.name,
        "architecture": facts.architecture,
        "quantization": facts.quantization,
        "n_layer": facts.n_layer,
        "n_ctx_train": facts.n_ctx_train,
        "n_embd": facts.n_embd,
        "n_vocab": facts.n_vocab,
        "n_expert": facts.n_expert,
        "file_bytes": facts.file_bytes,
        "weights_bytes": facts.weights_bytes,
        "n_params": facts.n_params,
        "shards": [str(shard) for shard in facts.shards],
        "kv_bytes_per_token": {name: bytes_per_token(facts, name) for name in CACHE_TYPES},
        "verified": facts.verified,
    }


def attention_to_dict(found: AttentionSummary) -> Document:
    """What the layers keep: counts of each kind, and the sentences about them."""
    return {**asdict(found.counts), "notes": notes_to_list(found.notes)}
