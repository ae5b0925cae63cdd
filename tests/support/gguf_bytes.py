"""GGUF files built in memory, sound or broken on purpose, and the header-only models of tests/data/heads."""

from __future__ import annotations

import gzip
import json
import math
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

HEADS = Path(__file__).parent.parent / "data" / "heads"
ALIGNMENT = 32

_SPELLING = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}


@dataclass(frozen=True)
class Typed:
    """A value of a chosen GGUF type. `type_id` may be one that does not exist, with bytes as its value."""

    type_id: int
    value: Any


@dataclass(frozen=True)
class Array:
    """An array of a chosen element type; `length` declares another length than it has."""

    element_type: int
    elements: Sequence[Any]
    length: int | None = None


@dataclass(frozen=True)
class TensorSpec:
    """A tensor's entry. `offset` and `n_bytes` follow from the others unless they are misdeclared.

    A type that gguf does not know needs `n_bytes`, the bytes that it takes in the data section.
    """

    name: str | bytes
    dims: Sequence[int] = (32,)
    ggml_type: int = 0
    offset: int | None = None
    n_bytes: int | None = None
    n_dims: int | None = None

    @property
    def data_bytes(self) -> int:
        if self.n_bytes is not None:
            return self.n_bytes
        block_elements, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(self.ggml_type)]
        return math.prod(self.dims) // block_elements * block_bytes


@dataclass(frozen=True)
class GgufBytes:
    """A GGUF file to be. Metadata is a mapping, or pairs where a key may come twice.

    Plain Python values get the usual types (int: u32, i32 or u64; float: f32; list: an array of its first
    element's type); `Typed` and `Array` choose others. `n_kv` and `n_tensors` misdeclare the counts.
    `alignment` also writes `general.alignment`, unless it is the default.
    """

    metadata: Mapping[str, Any] | Iterable[tuple[str | bytes, Any]] = ()
    tensors: Sequence[TensorSpec] = ()
    version: int = 3
    byte_order: str = "little"
    alignment: int = ALIGNMENT
    n_kv: int | None = None
    n_tensors: int | None = None
    magic: bytes = b"GGUF"

    def header(self) -> bytes:
        """Everything before the tensor data, padded to the alignment."""
        pairs = list(self.metadata.items() if isinstance(self.metadata, Mapping) else self.metadata)
        if self.alignment != ALIGNMENT:
            pairs.append(("general.alignment", self.alignment))
        out = bytearray(self.magic)
        out += self._pack("I", self.version)
        out += self._pack("Q", len(self.tensors) if self.n_tensors is None else self.n_tensors)
        out += self._pack("Q", len(pairs) if self.n_kv is None else self.n_kv)
        for key, value in pairs:
            out += self._string(key) + self._value(value)
        for tensor, offset in zip(self.tensors, self.offsets(), strict=True):
            out += self._string(tensor.name)
            out += self._pack("I", len(tensor.dims) if tensor.n_dims is None else tensor.n_dims)
            out += b"".join(self._pack("Q", dim) for dim in tensor.dims)
            out += self._pack("IQ", tensor.ggml_type, offset)
        return bytes(out) + bytes(-len(out) % self.alignment)

    def offsets(self) -> list[int]:
        """Where each tensor's data begins in the data section."""
        offsets, end = [], 0
        for tensor in self.tensors:
            offset = end if tensor.offset is None else tensor.offset
            offsets.append(offset)
            end = offset + tensor.data_bytes
            end += -end % self.alignment
        return offsets

    def data_bytes(self) -> int:
        """The size of the data section; the last tensor is padded as writers do."""
        ends = [o + t.data_bytes for t, o in zip(self.tensors, self.offsets(), strict=True)]
        end = max(ends, default=0)
        return end + -end % self.alignment

    def build(self) -> bytes:
        """The whole file; all weights are zero."""
        return self.header() + bytes(self.data_bytes())

    def write(self, path: Path) -> Path:
        """Write the whole file. Use `write_sparse` for models of real sizes."""
        path.write_bytes(self.build())
        return path

    def write_sparse(self, path: Path) -> Path:
        """Write the header and truncate the file to its full size: the weights take no room on the disk."""
        header = self.header()
        return write_sparse(path, header, len(header) + self.data_bytes())

    def _pack(self, fields: str, *values: Any) -> bytes:
        return struct.pack(("<" if self.byte_order == "little" else ">") + fields, *values)

    def _string(self, text: str | bytes) -> bytes:
        raw = text.encode() if isinstance(text, str) else text
        return self._pack("Q", len(raw)) + raw

    def _value(self, value: Any) -> bytes:
        type_id, plain = _typed(value)
        return self._pack("I", type_id) + self._payload(type_id, plain)

    def _payload(self, type_id: int, value: Any) -> bytes:
        if type_id == GGUFValueType.STRING:
            return self._string(value)
        if type_id == GGUFValueType.ARRAY:
            length = len(value.elements) if value.length is None else value.length
            elements = b"".join(self._payload(value.element_type, element) for element in value.elements)
            return self._pack("IQ", value.element_type, length) + elements
        if isinstance(value, bytes):
            return value
        return self._pack(_SPELLING[GGUFValueType(type_id)], value)


_PLAIN_TYPES = {
    Array: GGUFValueType.ARRAY,
    bool: GGUFValueType.BOOL,
    float: GGUFValueType.FLOAT32,
    str: GGUFValueType.STRING,
    bytes: GGUFValueType.STRING,
}


def _typed(value: Any) -> tuple[int, Any]:
    if isinstance(value, Typed):
        return value.type_id, value.value
    if isinstance(value, (list, tuple)):
        element_type = _typed(value[0])[0] if value else GGUFValueType.INT32
        value = Array(element_type, value)
    if isinstance(value, int) and not isinstance(value, bool):
        wide = GGUFValueType.UINT64 if value >= 2**32 else GGUFValueType.UINT32
        return (GGUFValueType.INT32 if value < 0 else wide), value
    return _PLAIN_TYPES[type(value)], value


def write_sparse(path: Path, header: bytes, file_bytes: int) -> Path:
    """A file of `file_bytes` bytes that begins with `header`; the rest is zeros that take no room."""
    path.write_bytes(header)
    os.truncate(path, file_bytes)
    return path


@dataclass(frozen=True)
class BytesSource:
    """A file in memory, as `advisor.gguf` reads it. `size_bytes` may claim more than there is."""

    content: bytes
    name: str = "model.gguf"
    claimed_bytes: int | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.content) if self.claimed_bytes is None else self.claimed_bytes

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        return self.content[offset : offset + n_bytes]


def head_names() -> list[str]:
    """The models of tests/data/heads: one an architecture, headers only."""
    return sorted(_head_index())


def expand_head(name: str, directory: Path) -> Path:
    """The model `name` of tests/data/heads as a file of full size in `directory`, without its weights."""
    header = gzip.decompress((HEADS / f"{name}.head.gz").read_bytes())
    return write_sparse(directory / f"{name}.gguf", header, _head_index()[name]["file_bytes"])


def _head_index() -> dict[str, dict[str, int]]:
    index: dict[str, dict[str, int]] = json.loads((HEADS / "index.json").read_text())
    return index
