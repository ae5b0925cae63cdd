"""The metadata of a header: keys and values, with long arrays walked past."""

from __future__ import annotations

import struct
from enum import IntEnum

from advisor.gguf import limits
from advisor.gguf.header import Scalar, SkippedArray, Value
from advisor.gguf.refusals import hostile
from advisor.gguf.source import Cursor
from advisor.printable import printable


class ValueType(IntEnum):
    """GGUF's value types (gguf.h: enum gguf_type)."""

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    UINT32 = 4
    INT32 = 5
    FLOAT32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    UINT64 = 10
    INT64 = 11
    FLOAT64 = 12


# How `struct` spells the types of fixed size. Any byte but 0 is true, as in ggml/src/gguf.cpp.
_SPELLING = {
    ValueType.UINT8: "B",
    ValueType.INT8: "b",
    ValueType.UINT16: "H",
    ValueType.INT16: "h",
    ValueType.UINT32: "I",
    ValueType.INT32: "i",
    ValueType.FLOAT32: "f",
    ValueType.BOOL: "?",
    ValueType.UINT64: "Q",
    ValueType.INT64: "q",
    ValueType.FLOAT64: "d",
}
_SIZES = {value_type: struct.calcsize(f"<{spelling}") for value_type, spelling in _SPELLING.items()}

# What one value takes at least: a string its length, an array its element type and length.
_LEAST_BYTES = _SIZES | {ValueType.STRING: 8, ValueType.ARRAY: 12}

# A pair takes at least a key's length, one letter, a value type and one byte.
_LEAST_PAIR_BYTES = 8 + 1 + 4 + 1


def read_metadata(cursor: Cursor, n_kv: int) -> dict[str, Value]:
    """The next `n_kv` pairs. Raises GgufError (truncated, hostile)."""
    cursor.reading = "its metadata"
    if n_kv > limits.MAX_KV_COUNT:
        raise cursor.too_large("the number of keys in", n_kv, limits.MAX_KV_COUNT)
    cursor.require(n_kv * _LEAST_PAIR_BYTES)
    values = _Values(cursor)
    metadata: dict[str, Value] = {}
    for index in range(n_kv):
        cursor.reading = f"metadata key {index + 1} of {n_kv}"
        key = cursor.label(limits.MAX_KEY_BYTES)
        if not key:
            raise cursor.hostile("has no name")
        if key in metadata:
            raise hostile(cursor.name, f'it has the key "{printable(key)}" twice')
        cursor.reading = f'the value of "{printable(key)}"'
        metadata[key] = values.value(cursor.u32())
    return metadata


class _Values:
    """Reads values one after another; `cursor.reading` names the value that is being read."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._inner_arrays = 0

    def value(self, type_id: int) -> Value:
        value_type = self._type(type_id)
        if value_type is ValueType.ARRAY:
            return self._array()
        return self._scalars(value_type, 1)[0]

    def _type(self, type_id: int) -> ValueType:
        try:
            return ValueType(type_id)
        except ValueError:
            raise self._cursor.hostile(f"has the unknown type {type_id}") from None

    def _scalars(self, value_type: ValueType, count: int) -> tuple[Scalar, ...]:
        if value_type is ValueType.STRING:
            return tuple(self._text() for _ in range(count))
        return self._cursor.unpack(f"{count}{_SPELLING[value_type]}")

    def _text(self) -> str:
        # A description in the wrong encoding is no reason to refuse a model: llama.cpp takes any bytes.
        return self._cursor.string(limits.MAX_STRING_BYTES).decode(errors="replace")

    def _array(self, depth: int = 1) -> tuple[Scalar, ...] | SkippedArray:
        element_type = self._type(self._cursor.u32())
        length = self._cursor.u64()
        self._check_length(element_type, length)
        if element_type is ValueType.ARRAY:
            self._skip_inner(length, depth + 1)
        elif depth == 1 and length <= limits.KEPT_ARRAY_LENGTH:
            return self._scalars(element_type, length)
        elif element_type is ValueType.STRING:
            self._cursor.skip_strings(length)
        else:
            self._cursor.skip(length * _SIZES[element_type])
        return SkippedArray(int(element_type), length)

    def _check_length(self, element_type: ValueType, length: int) -> None:
        cursor = self._cursor
        if length > limits.MAX_ARRAY_LENGTH:
            raise cursor.too_large("the number of elements in", length, limits.MAX_ARRAY_LENGTH)
        cursor.require(length * _LEAST_BYTES[element_type])

    def _skip_inner(self, count: int, depth: int) -> None:
        if depth > limits.MAX_NESTING_DEPTH:
            raise self._cursor.hostile(f"holds arrays in arrays, more than {limits.MAX_NESTING_DEPTH} deep")
        self._inner_arrays += count
        if self._inner_arrays > limits.MAX_NESTED_ARRAYS:
            raise self._cursor.hostile(f"brings the arrays in arrays above {limits.MAX_NESTED_ARRAYS:,}")
        for _ in range(count):
            self._array(depth)
