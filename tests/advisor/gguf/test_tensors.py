from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.errors import GgufError
from advisor.gguf import Tensor, limits, read_header
from advisor.gguf.ggml_types import GGML_TYPES, REMOVED_TYPES
from tests.support.gguf_bytes import GgufBytes, TensorSpec

Refuse = Callable[..., GgufError]

F32, Q8_0, Q4_K = 0, 8, 12


def read(tmp_path: Path, model: GgufBytes) -> tuple[Tensor, ...]:
    return read_header(model.write_sparse(tmp_path / "model.gguf")).tensors


class TestRefused:
    def test_more_tensors_than_the_limit(self, refuse: Refuse) -> None:
        most = limits.MAX_TENSOR_COUNT
        refuse(GgufBytes(n_tensors=most), "truncated")
        error = refuse(GgufBytes(n_tensors=most + 1), "hostile")
        assert f"{most + 1:,}" in error.message

    def test_more_tensors_than_the_file_has_bytes_for(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a")], n_tensors=1000), "truncated")
        assert "its tensor table needs 24,000 bytes" in error.message

    def test_a_name_above_the_limit(self, refuse: Refuse, tmp_path: Path) -> None:
        name = "t" * limits.MAX_TENSOR_NAME_BYTES
        assert read(tmp_path, GgufBytes(tensors=[TensorSpec(name)]))[0].name == name
        refuse(GgufBytes(tensors=[TensorSpec(name + "t")]), "hostile")

    def test_a_name_that_is_not_text(self, refuse: Refuse) -> None:
        refuse(GgufBytes(tensors=[TensorSpec(b"caf\xe9")]), "hostile")

    def test_a_name_that_comes_twice(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a"), TensorSpec("a")]), "hostile")
        assert error.message == 'model.gguf is damaged: it has the tensor "a" twice.'

    def test_more_dimensions_than_ggml_has(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a", (32, 1, 1, 1, 1))]), "hostile")
        assert "dimensions" in error.message
        refuse(GgufBytes(tensors=[TensorSpec("a", n_dims=2**32 - 1)]), "hostile")

    @pytest.mark.parametrize("dim", [limits.MAX_DIM + 1, 2**63, 2**64 - 1])
    def test_a_dimension_above_the_limit(self, refuse: Refuse, dim: int) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a", (32, dim), n_bytes=0)]), "hostile")
        assert 'dimension of the tensor "a"' in error.message

    def test_a_dimension_at_the_limit_is_only_too_long_for_this_file(self, refuse: Refuse) -> None:
        refuse(GgufBytes(tensors=[TensorSpec("a", (32, limits.MAX_DIM // 32), n_bytes=0)]), "truncated")

    def test_more_elements_than_the_limit(self, refuse: Refuse) -> None:
        rows = limits.MAX_ELEMENTS // 2**32
        refuse(GgufBytes(tensors=[TensorSpec("a", (2**32, rows), n_bytes=0)]), "truncated")
        error = refuse(GgufBytes(tensors=[TensorSpec("a", (2**32, rows + 1), n_bytes=0)]), "hostile")
        assert 'number of elements of the tensor "a"' in error.message

    @pytest.mark.parametrize("type_id", [43, 1000, 2**32 - 1])
    def test_an_unknown_type(self, refuse: Refuse, type_id: int) -> None:
        error = refuse(
            GgufBytes(tensors=[TensorSpec("a", ggml_type=type_id, n_bytes=1)]), "unknown-tensor-type"
        )
        assert f"type {type_id}," in error.message
        assert "update" in error.hint

    @pytest.mark.parametrize("type_id", sorted(REMOVED_TYPES))
    def test_a_type_that_llama_cpp_removed(self, refuse: Refuse, type_id: int) -> None:
        error = refuse(
            GgufBytes(tensors=[TensorSpec("a", ggml_type=type_id, n_bytes=1)]), "unknown-tensor-type"
        )
        assert f"{REMOVED_TYPES[type_id]} ({type_id})" in error.message
        assert "update" not in error.hint

    @pytest.mark.parametrize("dims", [(), (33,), (16, 32), (255, 256)])
    def test_rows_that_are_no_whole_blocks(self, refuse: Refuse, dims: tuple[int, ...]) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a", dims, Q8_0, n_bytes=1)]), "hostile")
        assert "Q8_0" in error.message

    def test_an_offset_that_is_not_aligned(self, refuse: Refuse) -> None:
        refuse(GgufBytes(tensors=[TensorSpec("a", offset=16)]), "hostile")

    def test_the_models_own_alignment_counts(self, refuse: Refuse, tmp_path: Path) -> None:
        tensors = [TensorSpec("a"), TensorSpec("b", offset=160)]
        assert read(tmp_path, GgufBytes(tensors=tensors))[1].offset_bytes == 160
        refuse(GgufBytes(tensors=tensors, alignment=64), "hostile")

    def test_an_end_beyond_any_real_file(self, refuse: Refuse) -> None:
        end = limits.MAX_DATA_BYTES
        for offset, code in [(end - 128, "truncated"), (end, "hostile"), (2**64 - 32, "hostile")]:
            header = GgufBytes(tensors=[TensorSpec("a", offset=offset)]).header()
            refuse(header, code)

    def test_tensors_that_share_bytes(self, refuse: Refuse) -> None:
        error = refuse(GgufBytes(tensors=[TensorSpec("a"), TensorSpec("b", offset=96)]), "hostile")
        assert error.message == 'model.gguf is damaged: its tensors "a" and "b" overlap.'
        refuse(GgufBytes(tensors=[TensorSpec("a", offset=32), TensorSpec("b", offset=32)]), "hostile")

    def test_a_file_shorter_than_its_tensors(self, refuse: Refuse) -> None:
        raw = GgufBytes(tensors=[TensorSpec("a", (256, 1024)), TensorSpec("b", (256, 1024))]).build()
        error = refuse(raw[:-1_000_000], "truncated")
        assert error.message == (
            "model.gguf is incomplete: 976.6 KiB (1,000,000 bytes) of its 2.0 MiB of tensor data are missing."
        )
        assert "interrupted" in error.hint


@pytest.mark.parametrize("type_id", sorted(GGML_TYPES))
def test_the_size_of_every_type(tmp_path: Path, type_id: int) -> None:
    ggml_type = GGML_TYPES[type_id]
    dims = (ggml_type.block_elements * 3, 5, 2)
    spec = TensorSpec("a", dims, type_id, n_bytes=30 * ggml_type.block_bytes)
    assert read(tmp_path, GgufBytes(tensors=[spec])) == (
        Tensor("a", dims, type_id, 30 * ggml_type.block_elements, 30 * ggml_type.block_bytes, 0, 0),
    )


@pytest.mark.parametrize(
    ("dims", "n_elements"), [((), 1), ((7,), 7), ((3, 2), 6), ((3, 2, 2, 5), 60), ((0,), 0), ((5, 0, 3), 0)]
)
def test_the_number_of_elements(tmp_path: Path, dims: tuple[int, ...], n_elements: int) -> None:
    (tensor,) = read(tmp_path, GgufBytes(tensors=[TensorSpec("a", dims)]))
    assert (tensor.dims, tensor.n_elements, tensor.n_bytes) == (dims, n_elements, n_elements * 4)


def test_tensors_in_any_order_with_gaps_and_padding_at_the_end(tmp_path: Path) -> None:
    specs = [TensorSpec("late", (256, 4), Q4_K, offset=4096), TensorSpec("early", (32,), F32, offset=0)]
    path = GgufBytes(tensors=specs).write(tmp_path / "model.gguf")
    path.write_bytes(path.read_bytes() + bytes(5000))
    header = read_header(path)
    assert [(t.name, t.offset_bytes, t.n_bytes) for t in header.tensors] == [
        ("late", 4096, 576),
        ("early", 0, 128),
    ]


def test_a_model_of_real_size_that_takes_no_room(tmp_path: Path) -> None:
    model = GgufBytes(tensors=[TensorSpec(f"blk.{n}.ffn_up.weight", (8192, 28_672), Q4_K) for n in range(80)])
    tensors = read(tmp_path, model)
    assert sum(tensor.n_bytes for tensor in tensors) == 80 * 8192 * 28_672 // 256 * 144
