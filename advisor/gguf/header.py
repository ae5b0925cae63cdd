"""What a GGUF header holds, as plain values. What a key means is `advisor.model`'s business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Scalar = int | float | bool | str


@dataclass(frozen=True, slots=True)
class SkippedArray:
    """An array that was walked past, not kept: only its element type (GGUF value type id) and length."""

    element_type: int
    length: int


Value = Scalar | tuple[Scalar, ...] | SkippedArray


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's entry. `dims` is ggml's order: ne0, the row length, first."""

    name: str
    dims: tuple[int, ...]
    ggml_type: int
    n_elements: int
    n_bytes: int
    offset_bytes: int  # from the start of its shard's data section
    shard: int = 0


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of one model, its shards joined: metadata of the first, tensors of all."""

    path: Path  # the first shard
    shards: tuple[Path, ...]
    version: int
    byte_order: str  # "little" | "big"
    alignment: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    header_bytes: int  # of the first shard: where its data section starts
    file_bytes: int  # of all shards
