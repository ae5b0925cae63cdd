from __future__ import annotations

from pathlib import Path

import pytest

from advisor.library.gguf_files import gguf_files
from advisor.library.installed import NO_MODEL, PARTIAL
from tests.support.model_stores import add_file


@pytest.mark.parametrize(
    "names",
    [
        ("notes.txt", "model.safetensors", "gguf"),
        ("a.gguf.part", "b.gguf.incomplete", "downloading_c.gguf.part"),
        ("a.gguf.downloadInProgress", "incomplete-b.gguf"),
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


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("a.gguf", "a.gguf.part"), {"a.gguf": PARTIAL, "a.gguf.part": PARTIAL}),
        (
            ("downloading_c.gguf", "b.gguf.incomplete"),
            {"downloading_c.gguf": PARTIAL, "b.gguf.incomplete": PARTIAL},
        ),
        (
            ("ggml-vocab-x.gguf", "M.imatrix.gguf"),
            {"ggml-vocab-x.gguf": NO_MODEL, "M.imatrix.gguf": NO_MODEL},
        ),
        (("notes.txt", "archive.zip.part", "model.safetensors"), {}),
    ],
)
def test_what_is_left_out_is_named_with_its_reason(
    names: tuple[str, ...], kinds: dict[str, str], tmp_path: Path
) -> None:
    left_out = gguf_files(tmp_path, names).left_out
    assert {file.path.name: file.kind for file in left_out} == kinds
    assert all(file.sentence.startswith(file.path.name) for file in left_out)


@pytest.mark.parametrize(
    ("projector", "models"),
    [
        # By the model that it names, whatever the precisions of both.
        ("mmproj-gemma-3-4b-it-f16.gguf", ["gemma-3-4b-it-Q4_K_M.gguf", "gemma-3-4b-it-UD-Q2_K_XL.gguf"]),
        ("gemma-3-4b-it-mmproj-BF16.gguf", ["gemma-3-4b-it-Q4_K_M.gguf", "gemma-3-4b-it-UD-Q2_K_XL.gguf"]),
        ("qwen2.5-vl.mmproj-q8_0.gguf", ["Qwen2.5-VL-00001-of-00002.gguf"]),
        # It names no model: it is everyone's.
        ("mmproj-F16.gguf", [...]),
        ("mmproj-model-f16.gguf", [...]),
        # It names a model that is not here.
        ("mmproj-llava-7b.gguf", []),
    ],
)
def test_a_projector_goes_with_its_models(projector: str, models: list[object], tmp_path: Path) -> None:
    beside = ["gemma-3-4b-it-Q4_K_M.gguf", "gemma-3-4b-it-UD-Q2_K_XL.gguf", "Qwen2.5-VL-00001-of-00002.gguf"]
    found = gguf_files(tmp_path, [*beside, projector])
    with_it = sorted(model.path.name for model in found.models if model.projectors)
    assert with_it == sorted(beside if models == [...] else map(str, models))


def test_where_one_model_lies_alone_any_projector_is_its_own(tmp_path: Path) -> None:
    found = gguf_files(tmp_path, ["Model-7B-Q4_0.gguf", "Model-7B-F16.gguf", "mmproj-other-name-f16.gguf"])
    assert [len(model.projectors) for model in found.models] == [1, 1]
