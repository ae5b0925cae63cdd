"""Headers of models in plain values, without a file: for tests of what a key means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from advisor.gguf.header import GgufHeader, Tensor, Value

# What every model has; four heads of 16, two of them with a cache.
PLAIN: dict[str, Value] = {
    "block_count": 8,
    "embedding_length": 64,
    "context_length": 4096,
    "feed_forward_length": 128,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
}
# One compressed row for each token takes the place of keys and values.
LATENT: dict[str, Value | None] = {
    "attention.head_count_kv": 1,
    "attention.key_length": 40,
    "attention.value_length": 32,
    "attention.key_length_mla": 24,
    "attention.value_length_mla": 16,
}


def tensor(name: str, *dims: int, ggml_type: int = 0) -> Tensor:
    """A tensor's entry, of f32 unless said otherwise."""
    n = math.prod(dims)
    return Tensor(name, dims, ggml_type, n_elements=n, n_bytes=4 * n, offset_bytes=0)


def model_header(
    architecture: str,
    keys: Mapping[str, Value | None] | None = None,
    *,
    metadata: Mapping[str, Value] | None = None,
    tensors: Sequence[Tensor] = (tensor("token_embd.weight", 64, 100), tensor("output.weight", 64, 100)),
    path: str = "model.gguf",
) -> GgufHeader:
    """A model of this architecture: the plain keys, then `keys` (None removes one), then whole keys."""
    named = {f"{architecture}.{key}": value for key, value in {**PLAIN, **(keys or {})}.items()}
    kept = {key: value for key, value in named.items() if value is not None}
    return GgufHeader(
        path=Path(path),
        shards=(Path(path),),
        version=3,
        byte_order="little",
        alignment=32,
        metadata={"general.architecture": architecture, **kept, **(metadata or {})},
        tensors=tuple(tensors),
        header_bytes=4096,
        file_bytes=4096 + sum(t.n_bytes for t in tensors),
    )
