"""Every limit of a header, one by one: what is at it is read, what is one above it is refused.

The numbers are declared, not there: a source of zeros stands in for files of any size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from gguf.constants import GGUFValueType as T

from advisor.errors import GgufError
from advisor.gguf import SkippedArray, limits
from advisor.gguf.header import Tensor
from advisor.gguf.reader import joined, read_shard
from advisor.gguf.shards import Shard, shard_names
from advisor.units import TiB
from tests.support.gguf_bytes import Array, GgufBytes, TensorSpec, Typed

I8 = 24  # ggml's type of one byte an element
MAXIMA = {name for name in vars(limits) if name.startswith("MAX_")}


@dataclass(frozen=True)
class Zeros:
    """A file that begins with `content` and goes on with zeros; only what is read takes memory."""

    content: bytes
    size_bytes: int = 256 * TiB
    name: str = "model.gguf"

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        return self.content[offset : offset + n_bytes].ljust(n_bytes, b"\0")


def begun(metadata: bytes, n_kv: int = 1) -> Zeros:
    """A header whose pairs are `metadata` and then zeros, without tensors."""
    return Zeros(b"GGUF" + struct.pack("<IQQ", 3, 0, n_kv) + metadata)


def key(name: str, value_type: T) -> bytes:
    return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", value_type)


def built(model: GgufBytes) -> Zeros:
    return Zeros(model.header())


def tensors(*specs: TensorSpec) -> Zeros:
    return built(GgufBytes(tensors=specs))


def read_header_of(n_bytes: int) -> Shard:
    """One array of eight-byte numbers that ends where the header does, at byte `n_bytes`."""
    start = len(begun(key("", T.ARRAY) + bytes(12)).content)
    name = "n" * ((n_bytes - start) % 8 or 8)
    length = (n_bytes - start - len(name)) // 8
    source = begun(key(name, T.ARRAY) + struct.pack("<IQ", T.UINT64, length))
    assert len(source.content) + 8 * length == n_bytes
    return read_shard(source)


def read_string(n_bytes: int) -> Shard:
    return read_shard(begun(key("s", T.STRING) + struct.pack("<Q", n_bytes)))


def read_array(length: int) -> Shard:
    return read_shard(begun(key("a", T.ARRAY) + struct.pack("<IQ", T.UINT8, length)))


def read_inner_arrays(count: int) -> Shard:
    """Zeros are empty arrays of bytes. In two halves: all arrays of one header count together."""
    half = count // 2
    one, other = (struct.pack("<IQ", T.ARRAY, n) for n in (half, count - half))
    return read_shard(begun(key("a", T.ARRAY) + one + bytes(12 * half) + key("b", T.ARRAY) + other, n_kv=2))


def read_nested(depth: int) -> Shard:
    array = Array(T.UINT8, [1])
    for _ in range(depth - 1):
        array = Array(T.ARRAY, [array])
    return read_shard(built(GgufBytes({"a": array})))


def read_keys(count: int) -> Shard:
    return read_shard(built(GgufBytes({f"k{n}": Typed(T.UINT8, 0) for n in range(count)})))


def read_many_tensors(count: int) -> Shard:
    return read_shard(tensors(*(TensorSpec(f"t{n}", (0,)) for n in range(count))))


def read_dims(count: int) -> Shard:
    return read_shard(tensors(TensorSpec("t", (1,) * count)))


def read_elements(count: int) -> Shard:
    """As few columns as it takes; a dimension alone must stay below its own limit."""
    return read_shard(tensors(TensorSpec("t", (1, count // 2**20, 2**20), I8, n_bytes=0)))


def read_end(end: int) -> Shard:
    """A tensor of whole alignments that ends at byte `end`, which is one too."""
    return read_shard(tensors(TensorSpec("t", (32,), I8, offset=end - 32, n_bytes=0)))


def read_parts(count: int) -> tuple[str, ...]:
    return shard_names(f"m-00001-of-{count:05}.gguf")


def read_alignment(alignment: int) -> Shard:
    return read_shard(built(GgufBytes({"general.alignment": alignment})))


@dataclass(frozen=True)
class Limit:
    """How a header at `most` is read, and what comes next above it."""

    read: Callable[[int], object]
    step: int = 1


TABLE = {
    "MAX_HEADER_BYTES": Limit(read_header_of),
    "MAX_KV_COUNT": Limit(read_keys),
    "MAX_TENSOR_COUNT": Limit(read_many_tensors),
    "MAX_SHARD_COUNT": Limit(read_parts),
    "MAX_KEY_BYTES": Limit(lambda n: read_shard(built(GgufBytes({"k" * n: 1})))),
    "MAX_TENSOR_NAME_BYTES": Limit(lambda n: read_shard(tensors(TensorSpec("t" * n)))),
    "MAX_STRING_BYTES": Limit(read_string),
    "MAX_ARRAY_LENGTH": Limit(read_array),
    "MAX_NESTING_DEPTH": Limit(read_nested),
    "MAX_NESTED_ARRAYS": Limit(read_inner_arrays),
    "MAX_DIMS": Limit(read_dims),
    "MAX_DIM": Limit(lambda n: read_shard(tensors(TensorSpec("t", (1, n), I8, n_bytes=0)))),
    "MAX_ELEMENTS": Limit(read_elements, step=2**20),
    "MAX_DATA_BYTES": Limit(read_end, step=32),
    "MAX_ALIGNMENT": Limit(read_alignment, step=limits.MAX_ALIGNMENT),  # the next power of two
}


def test_every_limit_is_in_the_table() -> None:
    assert set(TABLE) == MAXIMA
    assert set(vars(limits)) - MAXIMA >= {"KEPT_ARRAY_LENGTH", "DEFAULT_ALIGNMENT"}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_at_a_limit_is_read(name: str) -> None:
    TABLE[name].read(getattr(limits, name))


@pytest.mark.parametrize("name", TABLE)
def test_one_above_a_limit_is_hostile(name: str, check_error: Callable[[GgufError], None]) -> None:
    limit = TABLE[name]
    with pytest.raises(GgufError) as raised:
        limit.read(getattr(limits, name) + limit.step)
    check_error(raised.value)
    assert raised.value.code == "hostile"


@pytest.mark.parametrize("number", [2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("read", [read_string, read_array], ids=["string", "array"])
def test_the_largest_numbers_are_refused_at_once(read: Callable[[int], object], number: int) -> None:
    with pytest.raises(GgufError) as raised:
        read(number)
    assert raised.value.code == "hostile"


def test_the_tensors_of_all_parts_count_together() -> None:
    def part(_path: Path, index: int) -> Shard:
        half = read_many_tensors(0)
        found = (Tensor("", (), I8, 1, 1, 0, index),)
        return replace(half, tensors=found * (limits.MAX_TENSOR_COUNT // 2 + index))

    with pytest.raises(GgufError) as raised:
        joined((Path("m-00001-of-00002.gguf"), Path("m-00002-of-00002.gguf")), part)
    assert raised.value.code == "hostile"


def test_arrays_are_kept_up_to_their_length_and_passed_over_above_it() -> None:
    most = limits.KEPT_ARRAY_LENGTH
    assert read_array(most).metadata["a"] == (0,) * most
    assert read_array(most + 1).metadata["a"] == SkippedArray(T.UINT8, most + 1)


def test_the_usual_alignment_holds_where_none_is_declared() -> None:
    usual = limits.DEFAULT_ALIGNMENT
    assert read_shard(tensors(TensorSpec("t", offset=usual))).tensors[0].offset_bytes == usual
    with pytest.raises(GgufError) as raised:
        read_shard(tensors(TensorSpec("t", offset=usual // 2)))
    assert raised.value.code == "hostile"
