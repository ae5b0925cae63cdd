"""Our reader against the gguf package: what GGUFWriter writes, and what GGUFReader reads of real layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter
from gguf.constants import GGMLQuantizationType, GGUFEndian, GGUFValueType
from gguf.quants import quantize

from advisor.gguf import GgufHeader, SkippedArray, limits, read_header
from tests.support.gguf_bytes import GgufBytes, TensorSpec, Typed, expand_head, head_names


def assert_same(path: Path) -> GgufHeader:
    """Ours and theirs agree on everything that both tell."""
    ours, theirs = read_header(path), GGUFReader(path)
    fields = {name: field for name, field in theirs.fields.items() if not name.startswith("GGUF.")}
    assert list(ours.metadata) == list(fields)
    for name, field in fields.items():
        value = ours.metadata[name]
        if isinstance(value, SkippedArray):
            assert value == SkippedArray(field.types[-1], len(field.data))
            assert value.length > limits.KEPT_ARRAY_LENGTH
        elif isinstance(value, tuple):
            assert list(value) == field.contents()
        else:
            assert value == field.contents()
            assert type(value) is type(field.contents())
    assert [
        (t.name, t.dims, t.ggml_type, t.n_elements, t.n_bytes, t.offset_bytes + ours.header_bytes)
        for t in ours.tensors
    ] == [
        (t.name, tuple(t.shape.tolist()), t.tensor_type, t.n_elements, t.n_bytes, t.data_offset)
        for t in theirs.tensors
    ]
    assert ours.header_bytes == theirs.data_offset
    assert ours.alignment == theirs.alignment
    assert ours.version == theirs.fields["GGUF.version"].contents()
    assert ours.byte_order == theirs.endianess.name.lower()
    assert ours.file_bytes == path.stat().st_size
    return ours


@pytest.mark.parametrize("name", head_names())
def test_the_layouts_of_64_architectures(tmp_path: Path, name: str) -> None:
    header = assert_same(expand_head(name, tmp_path))
    assert header.tensors
    assert isinstance(header.metadata["general.architecture"], str)


def test_there_are_64_of_them() -> None:
    assert len(head_names()) == 64


@pytest.mark.parametrize("alignment", [None, 8, 4096])
@pytest.mark.parametrize("order", GGUFEndian)
def test_what_the_package_writes(tmp_path: Path, order: GGUFEndian, alignment: int | None) -> None:
    path = tmp_path / "model.gguf"
    writer = GGUFWriter(path, "llama", endianess=order)
    if alignment:
        writer.add_custom_alignment(alignment)
    writer.add_uint8("u8", 255)
    writer.add_int8("i8", -128)
    writer.add_uint16("u16", 65_535)
    writer.add_int16("i16", -32_768)
    writer.add_uint32("u32", 2**32 - 1)
    writer.add_int32("i32", -(2**31))
    writer.add_uint64("u64", 2**64 - 1)
    writer.add_int64("i64", -(2**63))
    writer.add_float32("f32", 0.1)
    writer.add_float64("f64", 0.1)
    writer.add_bool("bool", False)
    writer.add_string("string", "模型")
    writer.add_array("ints", [1, -2, 3])
    writer.add_array("floats", [0.25, -0.5])
    writer.add_array("bools", [True, False])
    writer.add_array("strings", ["", "a", "ß"])
    writer.add_array("many strings", [f"token {n}" for n in range(2000)])
    writer.add_array("many ints", list(range(2000)))
    rows = np.linspace(-1, 1, 3 * 512, dtype=np.float32).reshape(3, 512)
    writer.add_tensor("f32.weight", rows)
    writer.add_tensor("f16.weight", rows.astype(np.float16))
    for quantization in (GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0, GGMLQuantizationType.TQ1_0):
        writer.add_tensor(f"{quantization.name}.weight", quantize(rows, quantization), raw_dtype=quantization)
    writer.add_tensor("i64.weight", np.arange(7, dtype=np.int64))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = assert_same(path)
    assert (len(header.metadata), len(header.tensors)) == (19 + bool(alignment), 6)


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("version", [2, 3])
def test_what_the_tests_own_builder_writes(tmp_path: Path, version: int, byte_order: str) -> None:
    model = GgufBytes(
        {"a": 1, "b": -1, "c": 1.5, "d": True, "e": "x", "f": [1, 2], "g": Typed(GGUFValueType.UINT64, 7)},
        [TensorSpec("t", (256, 3), 12), TensorSpec("u", (5,))],
        version=version,
        byte_order=byte_order,
        alignment=64,
    )
    assert_same(model.write(tmp_path / "model.gguf"))
