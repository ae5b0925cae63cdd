from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from gguf.constants import GGUFValueType

from advisor.errors import GgufError
from advisor.gguf import SkippedArray, Value, limits, read_header
from advisor.gguf.source import CHUNK_BYTES
from advisor.gguf.values import ValueType
from tests.support.gguf_bytes import Array, GgufBytes, Typed

Refuse = Callable[..., GgufError]
T = GGUFValueType

EXTREMES = [
    (T.UINT8, 255),
    (T.INT8, -128),
    (T.UINT16, 65_535),
    (T.INT16, -32_768),
    (T.UINT32, 4_294_967_295),
    (T.INT32, -2_147_483_648),
    (T.FLOAT32, -1.5),
    (T.BOOL, True),
    (T.STRING, "Größe 模型"),
    (T.UINT64, 2**64 - 1),
    (T.INT64, -(2**63)),
    (T.FLOAT64, 1e300),
]


def read(tmp_path: Path, model: GgufBytes) -> dict[str, Value]:
    return dict(read_header(model.write(tmp_path / "model.gguf")).metadata)


class TestRefused:
    def test_more_keys_than_the_limit(self, refuse: Refuse) -> None:
        most = limits.MAX_KV_COUNT
        refuse(GgufBytes(n_kv=most), "truncated")
        error = refuse(GgufBytes(n_kv=most + 1), "hostile")
        assert f"{most + 1:,}" in error.message

    def test_more_keys_than_the_file_has_bytes_for(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes({"a": 1}, n_kv=4000), "truncated")
        assert "its metadata needs 56,000 bytes" in error.message

    def test_a_key_above_the_limit(self, refuse: Refuse) -> None:
        refuse(GgufBytes({"k" * (limits.MAX_KEY_BYTES + 1): 1}), "hostile")

    def test_a_key_at_the_limit(self, tmp_path: Path) -> None:
        key = "k" * limits.MAX_KEY_BYTES
        assert read(tmp_path, GgufBytes({key: 1})) == {key: 1}

    def test_a_key_without_a_name(self, refuse: Refuse) -> None:
        assert "key 1 of 1 has no name" in refuse(GgufBytes({"": 1}), "hostile").message

    def test_a_key_that_is_not_text(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes([(b"caf\xe9", 1)]), "hostile")
        assert '"café"' in error.message

    def test_a_key_that_comes_twice(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes([("a.b", 1), ("a.b", 2)]), "hostile")
        assert error.message == 'model.gguf is damaged: it has the key "a.b" twice.'

    def test_control_characters_in_a_key_are_not_shown(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes([("a\x1b[2J", 1), ("a\x1b[2J", 2)]), "hostile")
        assert r"a\x1b[2J" in error.message

    @pytest.mark.parametrize("type_id", [13, 255, 2**32 - 1])
    def test_an_unknown_value_type(self, refuse: Refuse, type_id: int) -> None:
        error = refuse(GgufBytes({"a.b": Typed(type_id, bytes(64))}), "hostile")
        assert f'"a.b" has the unknown type {type_id}' in error.message

    def test_an_unknown_element_type(self, refuse: Refuse) -> None:
        refuse(GgufBytes({"a.b": Array(13, [bytes(4)])}), "hostile")

    def test_a_string_above_the_limit(self, refuse: Refuse) -> None:
        def declares(length: int) -> bytes:
            return (
                GgufBytes({"a.b": Typed(T.UINT64, length.to_bytes(8, "little"))})
                .build()
                .replace(b"a.b\x0a", b"a.b\x08")
            )

        refuse(declares(limits.MAX_STRING_BYTES), "truncated")
        error = refuse(declares(limits.MAX_STRING_BYTES + 1), "hostile")
        assert '"a.b"' in error.message

    @pytest.mark.parametrize("element_type", [T.UINT8, T.FLOAT64, T.STRING, T.ARRAY])
    def test_an_array_above_the_limit(self, refuse: Refuse, element_type: int) -> None:
        most = limits.MAX_ARRAY_LENGTH
        refuse(GgufBytes({"a.b": Array(element_type, [], length=most)}), "truncated")
        error = refuse(GgufBytes({"a.b": Array(element_type, [], length=most + 1)}), "hostile")
        assert '"a.b"' in error.message

    @pytest.mark.parametrize(
        ("element_type", "size"), [(T.UINT8, 1), (T.UINT16, 2), (T.FLOAT32, 4), (T.INT64, 8), (T.STRING, 8)]
    )
    def test_an_array_longer_than_the_file(self, refuse: Refuse, element_type: int, size: int) -> None:
        error = refuse(GgufBytes({"a.b": Array(element_type, [], length=2**20)}), "truncated")
        assert f'the value of "a.b" needs {size * 2**20:,} bytes' in error.message

    def test_arrays_nested_too_deep(self, refuse: Refuse, tmp_path: Path) -> None:
        nested = Array(T.UINT8, [1, 2])
        for _ in range(limits.MAX_NESTING_DEPTH - 1):
            nested = Array(T.ARRAY, [nested])
        assert read(tmp_path, GgufBytes({"a": nested})) == {"a": SkippedArray(T.ARRAY, 1)}
        error = refuse(GgufBytes({"a": Array(T.ARRAY, [nested])}), "hostile")
        assert "deep" in error.message

    def test_more_inner_arrays_than_the_limit(self, refuse: Refuse, tmp_path: Path) -> None:
        inner = Array(T.UINT8, [])
        half = Array(T.ARRAY, [inner] * (limits.MAX_NESTED_ARRAYS // 2))
        model = GgufBytes({"a": half, "b": half})
        assert read(tmp_path, model)["b"] == SkippedArray(T.ARRAY, limits.MAX_NESTED_ARRAYS // 2)
        refuse(GgufBytes({"a": half, "b": half, "c": Array(T.ARRAY, [inner])}), "hostile")


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("version", [2, 3])
def test_every_type_as_scalar_and_array(tmp_path: Path, version: int, byte_order: str) -> None:
    scalars = {f"scalar.{t.name}": Typed(t, v) for t, v in EXTREMES}
    arrays = {f"array.{t.name}": Array(t, [v, v]) for t, v in EXTREMES}
    metadata = read(tmp_path, GgufBytes(scalars | arrays, version=version, byte_order=byte_order))
    assert metadata == {f"scalar.{t.name}": v for t, v in EXTREMES} | {
        f"array.{t.name}": (v, v) for t, v in EXTREMES
    }
    for value_type, value in EXTREMES:
        assert type(metadata[f"scalar.{value_type.name}"]) is type(value)


def test_numbers_that_are_no_numbers(tmp_path: Path) -> None:
    metadata = read(tmp_path, GgufBytes({"nan": math.nan, "inf": math.inf}))
    assert isinstance(metadata["nan"], float)
    assert math.isnan(metadata["nan"])
    assert metadata["inf"] == math.inf


def test_any_byte_but_zero_is_true(tmp_path: Path) -> None:
    raw = GgufBytes({"a": Typed(T.UINT8, 2), "b": Array(T.UINT8, [0, 255])}).build()
    raw = raw.replace(b"a\x00\x00\x00\x00\x02", b"a\x07\x00\x00\x00\x02")
    raw = raw.replace(b"b\x09\x00\x00\x00\x00", b"b\x09\x00\x00\x00\x07")
    path = tmp_path / "model.gguf"
    path.write_bytes(raw)
    assert read_header(path).metadata == {"a": True, "b": (False, True)}


def test_a_value_in_the_wrong_encoding_does_not_hide_the_model(tmp_path: Path) -> None:
    metadata = read(tmp_path, GgufBytes({"general.author": b"caf\xe9", "tags": [b"\xff", b"ok"]}))
    assert metadata == {"general.author": "caf\ufffd", "tags": ("\ufffd", "ok")}


def test_empty_strings_and_arrays(tmp_path: Path) -> None:
    assert read(tmp_path, GgufBytes({"a": "", "b": [], "c": Array(T.STRING, [])})) == {
        "a": "",
        "b": (),
        "c": (),
    }


@pytest.mark.parametrize("value_type", [t for t, _ in EXTREMES])
def test_short_arrays_are_kept_and_long_ones_walked_past(tmp_path: Path, value_type: T) -> None:
    value = dict(EXTREMES)[value_type]
    kept = limits.KEPT_ARRAY_LENGTH
    metadata = read(
        tmp_path,
        GgufBytes(
            {
                "kept": Array(value_type, [value] * kept),
                "long": Array(value_type, [value] * (kept + 1)),
                "z": 7,
            }
        ),
    )
    assert metadata["kept"] == (value,) * kept
    assert metadata["long"] == SkippedArray(value_type, kept + 1)
    assert metadata["z"] == 7


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_nested_arrays_are_walked_past(tmp_path: Path, byte_order: str) -> None:
    rows = [Array(T.STRING, ["a", "bc"]), Array(T.INT16, [1, 2, 3]), Array(T.ARRAY, [Array(T.BOOL, [True])])]
    model = GgufBytes({"rows": Array(T.ARRAY, rows), "z": 7}, byte_order=byte_order)
    assert read(tmp_path, model) == {"rows": SkippedArray(T.ARRAY, 3), "z": 7}


def test_walking_past_a_vocabulary_keeps_nothing_of_it(tmp_path: Path) -> None:
    tokens = [f"token{n}" for n in range(100_000)]
    path = GgufBytes({"tokenizer.ggml.tokens": tokens, "z": 7}).write(tmp_path / "model.gguf")
    tracemalloc.start()
    try:
        metadata = read_header(path).metadata
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert metadata == {"tokenizer.ggml.tokens": SkippedArray(T.STRING, 100_000), "z": 7}
    assert peak_bytes < 4 * CHUNK_BYTES < path.stat().st_size


def test_the_value_types_are_those_of_the_gguf_package() -> None:
    assert {t.name: int(t) for t in ValueType} == {t.name: int(t) for t in GGUFValueType}
