"""The tensor table of a header: each tensor's shape, type, size and place, checked against the file."""

from __future__ import annotations

import math

from advisor.errors import GgufError
from advisor.gguf import limits
from advisor.gguf.ggml_types import GGML_TYPES, REMOVED_TYPES
from advisor.gguf.header import Tensor
from advisor.gguf.refusals import hostile, truncated
from advisor.gguf.source import Cursor
from advisor.printable import printable
from advisor.units import format_bytes

# A tensor takes at least a name's length, the number of dimensions, a type and an offset.
_LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8


def read_tensors(cursor: Cursor, n_tensors: int, alignment: int, shard: int) -> tuple[Tensor, ...]:
    """The next `n_tensors` entries of the table.

    Raises GgufError (truncated, hostile, unknown-tensor-type).
    """
    cursor.reading = "its tensor table"
    if n_tensors > limits.MAX_TENSOR_COUNT:
        raise cursor.too_large("the number of tensors in", n_tensors, limits.MAX_TENSOR_COUNT)
    cursor.require(n_tensors * _LEAST_TENSOR_BYTES)
    tensors: dict[str, Tensor] = {}
    for index in range(n_tensors):
        cursor.reading = f"tensor {index + 1} of {n_tensors}"
        tensor = _tensor(cursor, alignment, shard)
        if tensor.name in tensors:
            raise hostile(cursor.name, f'it has the tensor "{printable(tensor.name)}" twice')
        tensors[tensor.name] = tensor
    return tuple(tensors.values())


def check_layout(name: str, tensors: tuple[Tensor, ...], data_bytes: int) -> None:
    """Refuse tensors that lie outside the file's `data_bytes` bytes of data, or on top of each other.

    More bytes than tensors need are fine: files are padded at the end. Raises GgufError (truncated,
    hostile).
    """
    needed = max((tensor.offset_bytes + tensor.n_bytes for tensor in tensors), default=0)
    if needed > data_bytes:
        raise truncated(
            f"{name} is incomplete: {format_bytes(needed - data_bytes)} ({needed - data_bytes:,} bytes) of "
            f"its {format_bytes(needed)} of tensor data are missing."
        )
    end, before = 0, ""
    for tensor in sorted(tensors, key=lambda tensor: (tensor.offset_bytes, tensor.n_bytes)):
        if tensor.offset_bytes < end:
            raise hostile(name, f'its tensors "{printable(before)}" and "{printable(tensor.name)}" overlap')
        end, before = tensor.offset_bytes + tensor.n_bytes, tensor.name


def _tensor(cursor: Cursor, alignment: int, shard: int) -> Tensor:
    name = cursor.label(limits.MAX_TENSOR_NAME_BYTES)
    cursor.reading = f'the tensor "{printable(name)}"'
    n_dims = cursor.u32()
    if n_dims > limits.MAX_DIMS:
        raise cursor.too_large("the number of dimensions of", n_dims, limits.MAX_DIMS)
    *dims, type_id, offset_bytes = cursor.unpack(f"{n_dims}QIQ")
    n_elements = _count_elements(cursor, dims)
    n_bytes = _count_bytes(cursor, dims, n_elements, type_id)
    if offset_bytes % alignment:
        raise cursor.hostile(f"begins at byte {offset_bytes:,}, not at a multiple of {alignment:,}")
    if offset_bytes + n_bytes > limits.MAX_DATA_BYTES:
        raise cursor.hostile(f"ends at byte {offset_bytes + n_bytes:,} of the data, beyond any real file")
    return Tensor(name, tuple(dims), type_id, n_elements, n_bytes, offset_bytes, shard)


def _count_elements(cursor: Cursor, dims: list[int]) -> int:
    for dim in dims:
        if dim > limits.MAX_DIM:
            raise cursor.too_large("a dimension of", dim, limits.MAX_DIM)
    n_elements = math.prod(dims)
    if n_elements > limits.MAX_ELEMENTS:
        raise cursor.too_large("the number of elements of", n_elements, limits.MAX_ELEMENTS)
    return n_elements


def _count_bytes(cursor: Cursor, dims: list[int], n_elements: int, type_id: int) -> int:
    """Bytes of a tensor (ggml.c: ggml_nbytes of a contiguous tensor): whole blocks, row by row."""
    ggml_type = GGML_TYPES.get(type_id)
    if ggml_type is None:
        raise _unknown_type(cursor, type_id)
    row_length = dims[0] if dims else 1
    if row_length % ggml_type.block_elements:
        raise cursor.hostile(
            f"has rows of {row_length:,} elements, not a multiple of the {ggml_type.block_elements} "
            f"that {ggml_type.name} packs together",
        )
    return n_elements // ggml_type.block_elements * ggml_type.block_bytes


def _unknown_type(cursor: Cursor, type_id: int) -> GgufError:
    if type_id in REMOVED_TYPES:
        return GgufError(
            f"{cursor.name}: {cursor.reading} has the type {REMOVED_TYPES[type_id]} ({type_id}), which "
            f"llama.cpp no longer reads.",
            hint="Download its Q4_0 or IQ4_NL file instead: llama.cpp rearranges that while it loads.",
            code="unknown-tensor-type",
        )
    return GgufError(
        f"{cursor.name}: {cursor.reading} has the type {type_id}, which this version does not know.",
        hint="The file is newer than Context Advisor: update it, or download another quantization.",
        code="unknown-tensor-type",
    )
