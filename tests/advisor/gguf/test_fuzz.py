"""Whatever the bytes, nothing but a GgufError comes out, and it is fit to be shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gguf.constants import GGUFValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import GgufError
from advisor.gguf.reader import read_shard
from tests.support.gguf_bytes import Array, BytesSource, GgufBytes, TensorSpec, Typed

CheckError = Callable[[GgufError], None]

# The same examples each time: what was found once is found by everyone.
fuzzed = settings(derandomize=True, deadline=None, max_examples=400)

VALID = [
    GgufBytes(
        {
            "general.architecture": "llama",
            "general.alignment": 64,
            "floats": [1.5, 2.5],
            "flags": [True, False],
            "wide": Typed(GGUFValueType.UINT64, 2**64 - 1),
            "tokens": [f"t{n}" for n in range(1030)],
            "rows": Array(GGUFValueType.ARRAY, [Array(GGUFValueType.STRING, ["a", ""])]),
        },
        [TensorSpec("a", (256, 2), 12, offset=0), TensorSpec("b", (32,), offset=320)],
        byte_order=byte_order,
    ).build()
    for byte_order in ("little", "big")
]

any_u32 = st.sampled_from([0, 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)
any_u64 = st.sampled_from([0, 2**24, 2**31, 2**32, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
mutations = st.lists(
    st.tuples(st.integers(0, 700), st.binary(max_size=9), st.integers(0, 9)), min_size=1, max_size=6
)
tensors = st.builds(
    TensorSpec,
    name=st.text(max_size=8) | st.binary(max_size=8),
    dims=st.lists(any_u64 | st.integers(0, 1024), max_size=6),
    ggml_type=any_u32 | st.integers(0, 45),
    offset=any_u64 | st.integers(0, 40).map(lambda n: n * 32),
    n_bytes=st.just(0),
    n_dims=st.none() | any_u32,
)
values: st.SearchStrategy[Any] = (
    st.text(max_size=20)
    | st.binary(max_size=20)
    | st.booleans()
    | st.floats(width=32)
    | st.integers(-(2**31), 2**64 - 1)
    | st.builds(Typed, any_u32.filter(lambda n: n > 12), st.binary(max_size=20))
    | st.builds(Array, any_u32.filter(lambda n: n > 12), st.just(()), st.none() | any_u64)
    | st.builds(Array, st.integers(0, 12), st.just(()), any_u64)
    | st.builds(Array, st.just(8), st.lists(st.binary(max_size=9), max_size=4), st.none() | st.integers(0, 9))
)
models = st.builds(
    GgufBytes,
    metadata=st.lists(st.tuples(st.text(max_size=8) | st.just("general.alignment"), values), max_size=4),
    tensors=st.lists(tensors, max_size=3),
    version=st.sampled_from([2, 3, 3, 3]) | any_u32,
    byte_order=st.sampled_from(["little", "big"]),
    n_kv=st.none() | any_u64 | st.integers(0, 9),
    n_tensors=st.none() | any_u64 | st.integers(0, 9),
)


def read(raw: bytes) -> GgufError | None:
    """The error, if there is one; what is read is sound in itself."""
    try:
        shard = read_shard(BytesSource(raw))
    except GgufError as error:
        return error
    assert 0 < shard.header_bytes <= shard.file_bytes == len(raw)
    for tensor in shard.tensors:
        assert shard.header_bytes + tensor.offset_bytes + tensor.n_bytes <= len(raw)
    return None


def looks_right(error: GgufError | None) -> bool:
    if error is None:
        return True
    sentences = (error.message, error.hint)
    return all(s.isprintable() and s.endswith(".") and len(s) < 500 for s in sentences)


@fuzzed
@given(st.binary(max_size=400))
def test_random_bytes(raw: bytes) -> None:
    error = read(raw)
    assert error is not None
    assert looks_right(error)


@fuzzed
@given(st.sampled_from([b"\x03\0\0\0", b"\0\0\0\x03", b"\x02\0\0\0"]), st.binary(max_size=400))
def test_random_bytes_after_a_good_start(version: bytes, raw: bytes) -> None:
    assert looks_right(read(b"GGUF" + version + raw))


@fuzzed
@given(st.sampled_from(VALID), mutations)
def test_mutated_models(raw: bytes, changes: list[tuple[int, bytes, int]]) -> None:
    """Each change replaces some bytes at a place by others, fewer or more."""
    changed = bytearray(raw)
    for at, new, n_old in changes:
        changed[at : at + n_old] = new
    assert looks_right(read(bytes(changed)))


@fuzzed
@given(models, st.integers(0, 4096))
def test_models_with_impossible_fields(model: GgufBytes, data_bytes: int) -> None:
    assert looks_right(read(model.header() + bytes(data_bytes)))
