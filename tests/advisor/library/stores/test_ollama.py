from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.library.installed import GGUF, NOT_GGUF, InstalledModel
from advisor.library.stores import ollama
from tests.support.model_stores import (
    add_blob,
    add_file,
    add_manifest,
    add_ollama_model,
    layer,
    manifest,
    model_bytes,
    places,
    projector_bytes,
)
from tests.support.shut_folders import shut

LIBRARY = "registry.ollama.ai/library"
GOOD_DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / ".ollama" / "models"


def only(home: Path) -> InstalledModel:
    found = ollama.find(places(home))
    assert found.unreadable == ()
    (model,) = found.models
    return model


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"[]", "it is not a table"),
        ({"layers": "none"}, "its layers are not a list"),
        ({"layers": [1]}, "a layer is not a table"),
        ({"layers": [{"mediaType": 5, "digest": GOOD_DIGEST}]}, "a layer has no type or no hash"),
        ({"layers": [layer("model", "sha256:../../../secret")]}, "a layer has no type or no hash"),
        ({"layers": [layer("model", "sha256:" + "a" * 63)]}, "a layer has no type or no hash"),
        (b" " * (4 * 1024 * 1024 + 1), "but no real one has more than"),
    ],
)
def test_a_broken_manifest_is_a_model_with_a_problem(
    content: object, reason: str, store: Path, tmp_path: Path
) -> None:
    path = add_manifest(store, f"{LIBRARY}/broken/7b", content)
    model = only(tmp_path)
    assert (model.name, model.path, model.size_bytes) == ("broken:7b", path, 0)
    assert model.problem is not None
    assert reason in model.problem


def test_a_missing_blob_is_named(store: Path, tmp_path: Path) -> None:
    add_manifest(store, f"{LIBRARY}/gone/latest", manifest(layer("model", GOOD_DIGEST)))
    model = only(tmp_path)
    assert model.problem == "Its file sha256-aaaaaaaaaaaa... is missing: pull the model again."


@pytest.mark.parametrize(
    ("content", "reason", "file_format"),
    [
        (b"", "is empty", GGUF),
        (b"just some words", "is not a GGUF file", NOT_GGUF),
        (b"ggjt" + bytes(60), 'in the old "ggjt" format', NOT_GGUF),
    ],
)
def test_a_blob_that_is_no_model_is_a_problem(
    content: bytes, reason: str, file_format: str, store: Path, tmp_path: Path
) -> None:
    add_ollama_model(store, f"{LIBRARY}/odd/latest", content)
    model = only(tmp_path)
    assert model.format == file_format
    assert model.problem is not None
    assert reason in model.problem


def blob_of_a_manifest(store: Path) -> Path:
    """Where the blob of the only installed model should be; nothing is there."""
    add_manifest(store, f"{LIBRARY}/odd/latest", manifest(layer("model", GOOD_DIGEST)))
    blob = store / "blobs" / GOOD_DIGEST.replace(":", "-")
    blob.parent.mkdir()
    return blob


def test_a_blob_that_is_a_folder_is_a_problem(store: Path, tmp_path: Path) -> None:
    blob_of_a_manifest(store).mkdir()
    assert only(tmp_path).problem == (
        "Its file sha256-aaaaaaaaaaaa... cannot be read: it is not an ordinary file."
    )


def test_a_blob_that_is_a_link_to_itself_is_a_problem(store: Path, tmp_path: Path) -> None:
    blob = blob_of_a_manifest(store)
    blob.symlink_to(blob)
    problem = only(tmp_path).problem
    assert problem is not None
    assert "cannot be read" in problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_among_manifests_and_blobs_are_not_waited_for(store: Path, tmp_path: Path) -> None:
    os.mkfifo(blob_of_a_manifest(store))
    os.mkfifo(store / "manifests" / LIBRARY / "odd" / "pipe")
    problem = only(tmp_path).problem
    assert problem is not None
    assert "not an ordinary file" in problem


def test_loops_of_links_among_the_manifests_end(store: Path, tmp_path: Path) -> None:
    add_ollama_model(store, f"{LIBRARY}/llama3.1/8b", model_bytes(tmp_path))
    top = store / "manifests"
    (top / "again").symlink_to(top)
    (top / LIBRARY / "itself").symlink_to(top / LIBRARY / "itself")
    (top / LIBRARY / "up").symlink_to(top / "registry.ollama.ai")
    assert only(tmp_path).name == "llama3.1:8b"


def test_manifests_at_other_depths_and_hidden_files_are_left_out(store: Path, tmp_path: Path) -> None:
    for name in (f"{LIBRARY}/early", f"{LIBRARY}/llama/8b/late", f"{LIBRARY}/llama/.DS_Store"):
        add_manifest(store, name, b"not a manifest")
    assert ollama.find(places(tmp_path)).models == ()


def test_a_store_that_cannot_be_looked_into_is_named_and_the_others_are_read(
    store: Path, tmp_path: Path
) -> None:
    add_ollama_model(store, f"{LIBRARY}/llama3.1/8b", model_bytes(tmp_path))
    service = places(tmp_path).root / "usr/share/ollama/.ollama/models"
    with shut(service):
        found = ollama.find(places(tmp_path))
    assert [model.name for model in found.models] == ["llama3.1:8b"]
    (trouble,) = found.unreadable
    assert trouble.path == service
    assert trouble.sentence.endswith("cannot be read: you have no permission to read it.")


def test_a_file_in_place_of_the_manifests_is_named(store: Path, tmp_path: Path) -> None:
    store.mkdir(parents=True)
    (store / "manifests").write_text("x")
    (trouble,) = ollama.find(places(tmp_path)).unreadable
    assert "it is not a folder" in trouble.sentence


def test_a_variable_that_names_no_folder_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "unplugged"
    (trouble,) = ollama.find(places(tmp_path, OLLAMA_MODELS=str(gone))).unreadable
    assert (trouble.path, trouble.sentence) == (gone, f"OLLAMA_MODELS names {gone}, which does not exist.")


def test_no_ollama_is_no_trouble(tmp_path: Path) -> None:
    found = ollama.find(places(tmp_path))
    assert (found.models, found.unreadable) == ((), ())


def test_cloud_models_have_no_file_and_are_left_out(store: Path, tmp_path: Path) -> None:
    digest = add_blob(store, b"text")
    add_manifest(store, f"{LIBRARY}/gpt-oss/120b-cloud", {"schemaVersion": 2, "layers": None})
    add_manifest(store, f"{LIBRARY}/glm/cloud", manifest(layer("license", digest)))
    assert ollama.find(places(tmp_path)).models == ()


def test_a_safetensors_model_is_listed_as_no_gguf(store: Path, tmp_path: Path) -> None:
    tensors = [layer("tensor", GOOD_DIGEST, 700), layer("tensor", "sha256:" + "b" * 64, 300)]
    add_manifest(store, f"{LIBRARY}/qwen-mlx/latest", manifest(*tensors))
    model = only(tmp_path)
    assert (model.format, model.size_bytes) == (NOT_GGUF, 1000)
    assert model.problem is not None
    assert model.problem.startswith("It is not a GGUF")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{LIBRARY}/llama3.1/8b", "llama3.1:8b"),
        (f"{LIBRARY}/llama3.1/latest", "llama3.1:latest"),
        ("registry.ollama.ai/someone/mine/q4", "someone/mine:q4"),
        ("hf.co/bartowski/Llama-3.2-1B-GGUF/Q4_K_M", "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M"),
        ("hf.co/library/x/latest", "hf.co/library/x:latest"),
    ],
)
def test_names_are_those_that_ollama_lists(path: str, name: str, store: Path, tmp_path: Path) -> None:
    content = model_bytes(tmp_path)
    blob = add_ollama_model(store, path, content)
    assert only(tmp_path) == InstalledModel("ollama", name, blob, len(content), runtime="ollama")
    assert ollama.full_name(name) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("llama3.1", "llama3.1:latest"),
        ("library/llama3.1:8b", "llama3.1:8b"),
        ("registry.ollama.ai/library/llama3.1", "llama3.1:latest"),
        ("localhost:5000/me/model", "localhost:5000/me/model:latest"),
    ],
)
def test_what_is_left_out_is_filled_in(typed: str, name: str) -> None:
    assert ollama.full_name(typed) == name


def test_names_of_one_blob_are_one_model_with_its_projectors(store: Path, tmp_path: Path) -> None:
    content, projector = model_bytes(tmp_path), projector_bytes()
    digest = add_blob(store, projector)
    blob = add_ollama_model(store, f"{LIBRARY}/gemma3/4b", content, [layer("projector", digest)])
    add_ollama_model(store, f"{LIBRARY}/gemma3/latest", content, [layer("projector", digest)])
    add_ollama_model(store, "registry.ollama.ai/me/mine/32k", content)
    model = only(tmp_path)
    assert model.names == ("gemma3:4b", "gemma3:latest", "me/mine:32k")
    assert (model.path, model.problem) == (blob, None)
    assert [path.read_bytes() for path in model.projectors] == [projector]


def test_weights_in_several_blobs_are_counted_together_and_said_to_be_apart(
    store: Path, tmp_path: Path
) -> None:
    parts = [model_bytes(tmp_path, n_layer=n) for n in (1, 2)]
    layers = [layer("model", add_blob(store, part)) for part in parts]
    add_manifest(store, f"{LIBRARY}/big/latest", manifest(*layers))
    model = only(tmp_path)
    assert model.size_bytes == sum(map(len, parts))
    assert model.problem is not None
    assert "2 blobs" in model.problem


def test_ollama_models_takes_the_place_of_the_own_folder_and_the_service_is_still_looked_at(
    store: Path, tmp_path: Path
) -> None:
    here = places(tmp_path, OLLAMA_MODELS=f' "{tmp_path / "elsewhere"}" ')
    add_ollama_model(store, f"{LIBRARY}/unseen/latest", model_bytes(tmp_path))
    add_ollama_model(tmp_path / "elsewhere", f"{LIBRARY}/seen/latest", model_bytes(tmp_path))
    service = here.root / "usr/share/ollama/.ollama/models"
    add_ollama_model(service, f"{LIBRARY}/served/latest", model_bytes(tmp_path, n_layer=2))
    assert [model.name for model in ollama.find(here).models] == ["seen:latest", "served:latest"]


def test_the_services_own_folder_is_read_from_its_unit(tmp_path: Path) -> None:
    here = places(tmp_path)
    units = here.root / "etc/systemd/system"
    add_file(units, "ollama.service", f'[Service]\nEnvironment="OLLAMA_MODELS={tmp_path / "one"}"\n'.encode())
    override = (
        f"[Service]\nEnvironment=A=1 OLLAMA_MODELS={tmp_path / 'two'}\n# Environment=OLLAMA_MODELS=/no\n"
    )
    add_file(units, "ollama.service.d/override.conf", override.encode())
    add_file(units, "ollama.service.d/broken.conf", b"\xff\xff")
    for number, name in enumerate(("one", "two"), 1):
        content = model_bytes(tmp_path, n_layer=number)
        add_ollama_model(tmp_path / name, f"{LIBRARY}/{name}/latest", content)
    packaged = here.root / "var/lib/ollama/models"
    add_ollama_model(packaged, f"{LIBRARY}/packaged/latest", model_bytes(tmp_path, n_layer=3))
    names = [model.name for model in ollama.find(here).models]
    assert names == ["one:latest", "two:latest", "packaged:latest"]
