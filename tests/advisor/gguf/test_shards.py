from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter
from gguf.constants import GGUFValueType

from advisor.errors import GgufError
from advisor.gguf import limits, read_header, reader
from tests.support.gguf_bytes import GgufBytes, TensorSpec, Typed

Refuse = Callable[..., GgufError]


@pytest.fixture
def split_model(tmp_path: Path) -> list[Path]:
    """Three shards with two tensors each, as the gguf package writes them."""
    writer = GGUFWriter(tmp_path / "model.gguf", "llama", split_max_tensors=2)
    writer.add_block_count(6)
    for index in range(6):
        writer.add_tensor(f"blk.{index}.ffn_up.weight", np.zeros((2, 32 * (index + 1)), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    paths = sorted(tmp_path.glob("*.gguf"))
    assert [path.name for path in paths] == [f"model-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    return paths


def shard(index: int, count: int, **keys: Any) -> GgufBytes:
    """Part `index` (from 0) with one tensor and the keys that gguf-split writes."""
    split = {
        "split.no": Typed(GGUFValueType.UINT16, index),
        "split.count": Typed(GGUFValueType.UINT16, count),
        "split.tensors.count": Typed(GGUFValueType.INT32, count),
    }
    return GgufBytes(split | keys, [TensorSpec(f"t{index}")])


def write_set(folder: Path, *parts: GgufBytes) -> list[Path]:
    return [
        part.write(folder / f"model-{index:05}-of-{len(parts):05}.gguf")
        for index, part in enumerate(parts, start=1)
    ]


@pytest.mark.parametrize("opened", [0, 1, 2])
def test_any_part_opens_the_whole_model(split_model: list[Path], opened: int) -> None:
    header = read_header(split_model[opened])
    assert header.path == split_model[0]
    assert header.shards == tuple(split_model)
    assert header.metadata["general.architecture"] == "llama"
    assert [(t.name, t.dims, t.shard) for t in header.tensors] == [
        (f"blk.{n}.ffn_up.weight", (32 * (n + 1), 2), n // 2) for n in range(6)
    ]
    assert header.tensors[2].offset_bytes == 0
    assert header.file_bytes == sum(path.stat().st_size for path in split_model)
    assert header.header_bytes < split_model[0].stat().st_size


class TestRefused:
    @pytest.mark.parametrize("gone", [0, 1, 2])
    def test_a_missing_part_is_named(self, refuse: Refuse, split_model: list[Path], gone: int) -> None:
        split_model[gone].unlink()
        error = refuse(split_model[(gone + 1) % 3], "missing-shard")
        assert error.message == f"1 of the model's 3 parts is missing: model-0000{gone + 1}-of-00003.gguf."
        assert str(split_model[0].parent) in error.hint

    def test_many_missing_parts(self, refuse: Refuse, tmp_path: Path) -> None:
        path = shard(0, 9).write(tmp_path / "model-00001-of-00009.gguf")
        error = refuse(path, "missing-shard")
        assert error.message.startswith("8 of the model's 9 parts are missing: model-00002-of-00009.gguf, ")
        assert error.message.endswith(" and 5 more.")

    def test_few_missing_parts_are_all_named(self, refuse: Refuse, tmp_path: Path) -> None:
        error = refuse(shard(3, 4).write(tmp_path / "m-00004-of-00004.gguf"), "missing-shard")
        assert error.message.endswith(
            ": m-00001-of-00004.gguf, m-00002-of-00004.gguf, m-00003-of-00004.gguf."
        )

    def test_the_opened_part_itself_is_missing(self, refuse: Refuse, split_model: list[Path]) -> None:
        split_model[1].unlink()
        refuse(split_model[1], "not-found")

    def test_a_part_that_is_not_fully_downloaded(self, refuse: Refuse, split_model: list[Path]) -> None:
        split_model[2].write_bytes(split_model[2].read_bytes()[:-200])
        error = refuse(split_model[0], "truncated")
        assert error.message.startswith("model-00003-of-00003.gguf ")

    def test_a_part_that_is_a_folder(self, refuse: Refuse, split_model: list[Path]) -> None:
        split_model[1].unlink()
        split_model[1].mkdir()
        refuse(split_model[0], "is-directory")

    def test_one_part_copied_over_another(self, refuse: Refuse, split_model: list[Path]) -> None:
        split_model[2].write_bytes(split_model[1].read_bytes())
        error = refuse(split_model[0], "shard-mismatch")
        assert error.message == "model-00003-of-00003.gguf holds part 2, not part 3 as its name says."

    def test_a_part_of_a_larger_set(self, refuse: Refuse, tmp_path: Path) -> None:
        paths = write_set(tmp_path, shard(0, 2), shard(1, 5))
        error = refuse(paths[0], "shard-mismatch")
        assert error.message == "model-00002-of-00002.gguf belongs to a model in 5 parts, not 2."

    def test_parts_of_different_models(self, refuse: Refuse, tmp_path: Path) -> None:
        other = GgufBytes(shard(1, 2).metadata, [TensorSpec("x"), TensorSpec("y")])
        error = refuse(write_set(tmp_path, shard(0, 2), other)[0], "shard-mismatch")
        assert "announces 2 tensors, but its parts hold 3" in error.message

    def test_a_tensor_in_two_parts(self, refuse: Refuse, tmp_path: Path) -> None:
        double = GgufBytes(shard(1, 2).metadata, [TensorSpec("t0")])
        error = refuse(write_set(tmp_path, shard(0, 2), double)[0], "shard-mismatch")
        assert 'hold the tensor "t0"' in error.message

    def test_parts_in_different_byte_orders(self, refuse: Refuse, tmp_path: Path) -> None:
        swapped = GgufBytes(shard(1, 2).metadata, [TensorSpec("t1")], byte_order="big")
        refuse(write_set(tmp_path, shard(0, 2), swapped)[1], "shard-mismatch")

    def test_a_part_under_a_name_of_its_own(self, refuse: Refuse, tmp_path: Path) -> None:
        error = refuse(shard(1, 3).write(tmp_path / "model.gguf"), "shard-mismatch")
        assert error.message.startswith("model.gguf is part 2 of a model in 3 parts")
        nameless = GgufBytes({"split.count": 3})
        assert "is a part of" in refuse(nameless, "shard-mismatch").message

    @pytest.mark.parametrize("says_count", [0, 1])
    def test_a_whole_model_under_a_parts_name(self, refuse: Refuse, tmp_path: Path, says_count: int) -> None:
        paths = write_set(tmp_path, shard(0, says_count), shard(1, 2))
        assert "holds a whole model" in refuse(paths[1], "shard-mismatch").message

    @pytest.mark.parametrize(
        "name", ["m-00000-of-00003.gguf", "m-00004-of-00003.gguf", "m-00001-of-00000.gguf"]
    )
    def test_an_impossible_number(self, refuse: Refuse, tmp_path: Path, name: str) -> None:
        refuse(GgufBytes().write(tmp_path / name), "shard-mismatch")

    def test_more_parts_than_the_limit(self, refuse: Refuse, tmp_path: Path) -> None:
        most = limits.MAX_SHARD_COUNT
        refuse(GgufBytes().write(tmp_path / f"m-00001-of-{most:05}.gguf"), "missing-shard")
        refuse(GgufBytes().write(tmp_path / f"m-00001-of-{most + 1:05}.gguf"), "hostile")

    def test_more_tensors_in_all_parts_than_the_limit(
        self, refuse: Refuse, split_model: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reader, "MAX_TENSOR_COUNT", 6)
        assert len(read_header(split_model[0]).tensors) == 6
        monkeypatch.setattr(reader, "MAX_TENSOR_COUNT", 5)
        refuse(split_model[0], "hostile")

    def test_control_characters_are_not_shown(self, refuse: Refuse, tmp_path: Path) -> None:
        refuse(GgufBytes().write(tmp_path / "m\x1b[2J-00001-of-00002.gguf"), "missing-shard")


def test_parts_without_split_keys_go_by_their_names(tmp_path: Path) -> None:
    paths = write_set(
        tmp_path, GgufBytes({"a": 1}, [TensorSpec("x")]), GgufBytes({"b": 2}, [TensorSpec("y")])
    )
    header = read_header(paths[1])
    assert header.metadata == {"a": 1}
    assert [(t.name, t.shard) for t in header.tensors] == [("x", 0), ("y", 1)]


def test_split_keys_of_another_type_are_ignored(tmp_path: Path) -> None:
    paths = write_set(tmp_path, shard(0, 2, **{"split.count": "two"}), shard(1, 2, **{"split.no": True}))
    assert len(read_header(paths[0]).tensors) == 2


def test_a_joined_model_with_reset_keys(tmp_path: Path) -> None:
    path = shard(0, 0).write(tmp_path / "model.gguf")
    assert len(read_header(path).tensors) == 1


def test_a_set_of_one(tmp_path: Path) -> None:
    (path,) = write_set(tmp_path, shard(0, 1))
    assert read_header(path).shards == (path,)


def test_each_part_has_its_own_alignment(tmp_path: Path) -> None:
    wide = GgufBytes(shard(0, 2, **{"split.tensors.count": 3}).metadata, [TensorSpec("a")], alignment=64)
    narrow = GgufBytes(shard(1, 2).metadata, [TensorSpec("b", (8,)), TensorSpec("c", (8,))])
    header = read_header(write_set(tmp_path, wide, narrow)[0])
    assert (header.alignment, header.header_bytes % 64) == (64, 0)
    assert header.tensors[2].offset_bytes == 32


def test_capital_letters_in_the_ending(tmp_path: Path) -> None:
    first = shard(0, 2).write(tmp_path / "MODEL-00001-of-00002.GGUF")
    second = shard(1, 2).write(tmp_path / "MODEL-00002-of-00002.GGUF")
    assert read_header(second).shards == (first, second)


@pytest.mark.parametrize(
    "name", ["model-1-of-2.gguf", "model-00001-of-00002.gguf.bak", "-00001-of-00002.gguf"]
)
def test_other_names_are_single_files(tmp_path: Path, name: str) -> None:
    path = GgufBytes().write(tmp_path / name)
    assert read_header(path).shards == (path,)
