"""The bytes of a GGUF header: what the engine reads when it plans a model that has no file."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from advisor.errors import OutputError
from advisor.gguf.header import GgufHeader, Scalar, SkippedArray, Tensor, Value
from advisor.units import pad

VERSION = 3
ALIGNMENT = 32

# GGUF value types (ggml/include/gguf.h: enum gguf_type).
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_LAYOUT = {_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}


def header_bytes(metadata: Mapping[str, Value], tensors: Sequence[Tensor]) -> bytes:
    """A little-endian GGUF header with these keys and this tensor table, padded to the data section.

    Raises ValueError for a number that no key of llama.cpp can hold.
    """
    out = bytearray(b"GGUF")
    out += struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    for key, value in metadata.items():
        out += _string(key) + _value(value)
    for tensor in tensors:
        out += _string(tensor.name) + struct.pack("<I", len(tensor.dims))
        out += struct.pack(f"<{len(tensor.dims)}Q", *tensor.dims)
        out += struct.pack("<IQ", tensor.ggml_type, tensor.offset_bytes)
    return bytes(out).ljust(pad(len(out), ALIGNMENT), b"\0")


def write_preset(header: GgufHeader, path: Path) -> None:
    """Write a generated header to `path`, and make the file as long as the model's would be.

    The weights are a hole that takes no room on the disk, where the file system has holes. llama.cpp can
    plan such a file, but not run it. Raises OutputError.
    """
    try:
        with path.open("wb") as file:
            file.write(header_bytes(header.metadata, header.tensors))
            file.flush()
            os.truncate(file.fileno(), header.file_bytes)
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        raise OutputError(
            f"{path} cannot be written: {reason}.", hint="Choose another place with room for the file."
        ) from error


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Value) -> bytes:
    if isinstance(value, SkippedArray):
        raise TypeError("An array that was not read cannot be written.")
    if not isinstance(value, tuple):
        kind = _type_of(value)
        return struct.pack("<I", kind) + _payload(kind, value)
    kind = _INT32 if any(_type_of(element) == _INT32 for element in value) else _type_of(value[0])
    elements = b"".join(_payload(kind, element) for element in value)
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + elements


def _type_of(value: Scalar) -> int:
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, str):
        return _STRING
    if isinstance(value, float):
        return _FLOAT32
    if not -(2**31) <= value < 2**32:
        raise ValueError(f"{value:,} is out of range")
    return _UINT32 if value >= 0 else _INT32


def _payload(kind: int, value: Scalar) -> bytes:
    return _string(str(value)) if kind == _STRING else struct.pack(_LAYOUT[kind], value)
