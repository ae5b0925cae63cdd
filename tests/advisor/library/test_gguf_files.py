from __future__ import annotations

from pathlib import Path

import pytest

from advisor.library.gguf_files import gguf_files
from tests.support.model_stores import add_file


@pytest.mark.parametrize(
    "names",
    [
        ("notes.txt", "model.safetensors", "gguf"),
        ("a.gguf.part", "b.gguf.incomplete", "downloading_c.gguf.part"),
        ("downloading_c.gguf",),
        ("a.gguf", "a.gguf.part"),
        ("a.gguf", "a.gguf.aria2"),
        ("ggml-vocab-llama-bpe.gguf",),
        ("imatrix.gguf", "Model.imatrix.gguf", "imatrix_unsloth.gguf"),
    ],
)
def test_what_is_no_whole_model_is_left_out(names: tuple[str, ...], tmp_path: Path) -> None:
    found = gguf_files(tmp_path, names)
    assert (found.models, found.projectors) == ((), ())


def test_a_set_with_missing_parts_is_one_model_with_a_problem(tmp_path: Path) -> None:
    names = [f"big-0000{number}-of-00005.gguf" for number in (2, 4)]
    for name in names:
        add_file(tmp_path, name, b"GGUF")
    (model,) = gguf_files(tmp_path, names).models
    assert (model.path.name, model.size_bytes) == (names[0], 8)
    assert model.problem is not None
    assert "3 of the model's 5 parts are missing" in model.problem


def test_sets_of_different_models_and_counts_are_apart(tmp_path: Path) -> None:
    names = [f"{model}-00001-of-0000{count}.gguf" for model in "ab" for count in (1, 2)]
    names += [f"{model}-00002-of-00002.gguf" for model in "ab"]
    for name in names:
        add_file(tmp_path, name, b"GGUF")
    models = gguf_files(tmp_path, names).models
    assert [(model.path.name, model.size_bytes, model.problem) for model in models] == [
        ("a-00001-of-00001.gguf", 4, None),
        ("a-00001-of-00002.gguf", 8, None),
        ("b-00001-of-00001.gguf", 4, None),
        ("b-00001-of-00002.gguf", 8, None),
    ]


@pytest.mark.parametrize(
    "name", ["mmproj-f16.gguf", "MMPROJ.GGUF", "gemma-mmproj-Q8_0.gguf", "x.mmproj.gguf"]
)
def test_projectors_are_apart_from_models(name: str, tmp_path: Path) -> None:
    found = gguf_files(tmp_path, [name, "model-Q4_K_M-imat.gguf"])
    assert found.projectors == (tmp_path / name,)
    assert [model.path.name for model in found.models] == ["model-Q4_K_M-imat.gguf"]
