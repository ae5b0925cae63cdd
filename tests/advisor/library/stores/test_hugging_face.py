from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from advisor.library.installed import NOT_GGUF, PARTIAL
from advisor.library.stores import hugging_face, llama_cpp
from tests.support.model_stores import add_file, places

HUB = ".cache/huggingface/hub"
COMMIT, OLDER = "c" * 40, "a" * 40


def add_repository(hub: Path, name: str, files: dict[str, bytes], commit: str = COMMIT) -> Path:
    """A repository as huggingface_hub leaves it: links to blobs; its folder."""
    top = hub / f"models--{name.replace('/', '--')}"
    for file, content in files.items():
        blob = add_file(top, f"blobs/{hashlib.sha256(content).hexdigest()}", content)
        link = top / "snapshots" / commit / file
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    add_file(top, "refs/main", COMMIT.encode())
    return top


def names(home: Path, **environment: str) -> list[str]:
    return [model.name for model in hugging_face.find(places(home, **environment)).models]


def test_no_cache_is_no_trouble(tmp_path: Path) -> None:
    found = hugging_face.find(places(tmp_path))
    assert (found.models, found.unreadable, found.left_out) == ((), (), ())


def test_a_cache_that_is_a_file_is_named(tmp_path: Path) -> None:
    add_file(tmp_path, HUB, b"x")
    (trouble,) = hugging_face.find(places(tmp_path)).unreadable
    assert "it is not a folder" in trouble.sentence


def test_half_downloads_are_left_out_and_said(tmp_path: Path) -> None:
    top = add_repository(tmp_path / HUB, "me/model", {"model.gguf": b"GGUF"})
    add_file(top, f"blobs/{'b' * 64}.incomplete", b"GG")
    found = hugging_face.find(places(tmp_path))
    assert [model.name for model in found.models] == ["me/model/model.gguf"]
    assert [(file.kind, file.sentence) for file in found.left_out] == [
        (PARTIAL, "me/model has a download that was not finished.")
    ]


def test_a_missing_blob_is_a_model_with_a_problem(tmp_path: Path) -> None:
    top = add_repository(tmp_path / HUB, "me/model", {"model.gguf": b"GGUF"})
    for blob in (top / "blobs").iterdir():
        blob.unlink()
    (model,) = hugging_face.find(places(tmp_path)).models
    assert model.name == "me/model/model.gguf"
    assert "a file that is gone" in str(model.problem)


def test_loops_of_links_end(tmp_path: Path) -> None:
    top = add_repository(tmp_path / HUB, "me/model", {"model.gguf": b"GGUF"})
    (top / "snapshots" / COMMIT / "up").symlink_to(top / "snapshots")
    (top / "snapshots" / COMMIT / "self.gguf").symlink_to("self.gguf")
    (tmp_path / HUB / "models--loop--loop").symlink_to("models--loop--loop")
    assert names(tmp_path) == ["me/model/model.gguf"]


def test_names_folders_parts_and_projectors(tmp_path: Path) -> None:
    add_repository(
        tmp_path / HUB,
        "unsloth/big-GGUF",
        {
            "Q4_K_M/big-00001-of-00002.gguf": b"GGUF",
            "Q4_K_M/big-00002-of-00002.gguf": b"GGUF12",
            "small-Q8_0.gguf": b"GGUF1234",
            "mmproj-F16.gguf": b"GGUFm",
            "notes.txt": b"x",
        },
    )
    found = {model.name: model for model in hugging_face.find(places(tmp_path)).models}
    split = found["unsloth/big-GGUF/Q4_K_M/big-00001-of-00002.gguf"]
    assert (split.size_bytes, split.problem, split.projectors) == (10, None, ())
    assert [path.name for path in found["unsloth/big-GGUF/small-Q8_0.gguf"].projectors] == ["mmproj-F16.gguf"]
    assert len(found) == 2


def test_an_older_snapshot_counts_where_it_has_another_file(tmp_path: Path) -> None:
    hub = tmp_path / HUB
    add_repository(hub, "me/model", {"a.gguf": b"GGUF old", "same.gguf": b"GGUF"}, OLDER)
    top = add_repository(hub, "me/other", {})
    add_repository(hub, "me/model", {"a.gguf": b"GGUF new"})
    (hub / "models--me--model/snapshots" / COMMIT / "same.gguf").symlink_to(
        hub / "models--me--model/blobs" / hashlib.sha256(b"GGUF").hexdigest()
    )
    assert names(tmp_path) == ["me/model/a.gguf", "me/model/same.gguf", "me/model/a.gguf@aaaaaaaa"]
    assert top.exists()


def test_files_without_links_are_found_too(tmp_path: Path) -> None:
    add_file(tmp_path / HUB, f"models--me--model/snapshots/{COMMIT}/model.gguf", b"GGUF")
    assert names(tmp_path) == ["me/model/model.gguf"]


def test_of_safetensors_only_mlxs_are_listed(tmp_path: Path) -> None:
    files = {"config.json": b"{}", "model.safetensors": b"12345"}
    add_repository(tmp_path / HUB, "google/bert", files)
    add_repository(tmp_path / HUB, "mlx-community/qwen-4bit", files)
    (model,) = hugging_face.find(places(tmp_path)).models
    assert (model.name, model.format, model.size_bytes) == ("mlx-community/qwen-4bit", NOT_GGUF, 5)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HF_HUB_CACHE": "{}/one", "HF_HOME": "{}/two"}, "one"),
        ({"HUGGINGFACE_HUB_CACHE": "{}/one", "HF_HOME": "{}/two"}, "one"),
        ({"HF_HOME": "{}/two", "XDG_CACHE_HOME": "{}/three"}, "two/hub"),
        ({"XDG_CACHE_HOME": "{}/three"}, "three/huggingface/hub"),
        ({"HF_HOME": "~/two"}, "two/hub"),
        ({}, HUB),
    ],
)
def test_the_first_variable_that_is_set_says_where(
    variables: dict[str, str], folder: str, tmp_path: Path
) -> None:
    add_repository(tmp_path / folder, "me/model", {"model.gguf": b"GGUF"})
    said = {name: value.format(tmp_path) for name, value in variables.items()}
    assert names(tmp_path, **said) == ["me/model/model.gguf"]


@pytest.mark.parametrize(
    ("system", "folder"),
    [
        ("linux", ".cache/llama.cpp"),
        ("darwin", "Library/Caches/llama.cpp"),
        ("win32", "AppData/Local/llama.cpp"),
    ],
)
def test_older_llama_cpp_keeps_files_flat(system: str, folder: str, tmp_path: Path) -> None:
    top = tmp_path / folder
    add_file(top, "ggml-org_gemma-3-4b-it-GGUF_gemma-3-4b-it-Q4_K_M.gguf", b"GGUF")
    projector = add_file(top, "ggml-org_gemma-3-4b-it-GGUF_mmproj-model-f16.gguf", b"GGUF")
    add_file(top, "me_other-GGUF_other-Q8_0.gguf", b"GGUF1")
    add_file(top, "half.gguf.downloadInProgress", b"GG")
    here = places(tmp_path, system=system)
    gemma, other = llama_cpp.find(here).models
    assert (gemma.projectors, gemma.runtime) == ((projector,), "llama-server")
    assert (other.name, other.projectors) == ("me_other-GGUF_other-Q8_0.gguf", ())
    assert [file.kind for file in llama_cpp.find(here).left_out] == [PARTIAL]


def test_llama_cache_has_both_layouts(tmp_path: Path) -> None:
    top = tmp_path / "mine"
    add_repository(top, "ggml-org/gemma", {"gemma.gguf": b"GGUF"})
    add_file(top, "flat.gguf", b"GGUF")
    add_file(tmp_path, ".cache/llama.cpp/old.gguf", b"GGUF")
    found = llama_cpp.find(places(tmp_path, LLAMA_CACHE=str(top)))
    assert [model.name for model in found.models] == ["ggml-org/gemma/gemma.gguf", "flat.gguf", "old.gguf"]
    assert {model.runtime for model in found.models} == {"llama-server"}
