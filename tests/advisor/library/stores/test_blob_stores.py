"""Stores whose models are blobs behind manifests: ramalama and Docker Model Runner."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from advisor.library.installed import NOT_GGUF, PARTIAL, InstalledModel
from advisor.library.stores import docker_models, ramalama
from tests.support.model_stores import add_file, places

GGUF_LAYER = "application/vnd.docker.ai.gguf.v3"
STORE = ".local/share/ramalama/store"


def add_reference(home: Path, name: str, content: object, tag: str = "latest") -> Path:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return add_file(home / STORE / name, f"refs/{tag}.json", text)


def add_model(home: Path, name: str, files: dict[str, tuple[str, bytes]], tag: str = "latest") -> None:
    """A model as ramalama keeps it; `files` are types and contents by name."""
    top = home / STORE / name
    for file, (_, content) in files.items():
        blob = add_file(top, f"blobs/sha256-{hashlib.sha256(content).hexdigest()}", content)
        link = top / "snapshots/sha256-abc" / file
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    entries = [{"hash": "sha256:x", "name": file, "type": kind} for file, (kind, _) in files.items()]
    add_reference(home, name, {"hash": "sha256:abc", "path": "x", "files": entries}, tag)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "it is not a table"),
        ({"hash": 5, "files": []}, "names no snapshot"),
        ({"hash": "../../..", "files": [{"name": "a.gguf", "type": "gguf"}]}, "names no snapshot"),
        ({"hash": "sha256:abc", "files": [{"name": "a.gguf", "type": "gguf"}]}, "a.gguf is missing"),
    ],
)
def test_a_broken_reference_is_a_model_with_a_problem(content: object, reason: str, tmp_path: Path) -> None:
    add_reference(tmp_path, "ollama/library/broken", content)
    (model,) = ramalama.find(places(tmp_path)).models
    assert model.name == "ollama://library/broken:latest"
    assert model.problem is not None
    assert reason in model.problem


def test_a_reference_of_odd_files_is_no_model(tmp_path: Path) -> None:
    add_reference(
        tmp_path, "hf/a/b", {"hash": "abc", "files": [1, {"name": 1, "type": "gguf"}, {"name": "x"}]}
    )
    add_reference(tmp_path, "hf/a/c", {"hash": "abc", "files": "none"})
    assert ramalama.find(places(tmp_path)).models == ()


def test_ramalamas_names_projectors_and_half_downloads(tmp_path: Path) -> None:
    add_model(tmp_path, "ollama/library/smollm", {"smollm": ("gguf", b"GGUF")}, "135m")
    add_model(tmp_path, "hf/ggml-org/gemma", {"b.gguf": ("gguf", b"GGUF1"), "p.gguf": ("mmproj", b"GGUFp")})
    add_model(tmp_path, "hf/me/tensors", {"model.safetensors": ("safetensor", b"x")})
    add_file(tmp_path / STORE, "hf/me/half/blobs/sha256-1.partial", b"GG")
    found = ramalama.find(places(tmp_path))
    by_name = {model.name: model for model in found.models}
    assert set(by_name) == {
        "ollama://library/smollm:135m",
        "huggingface://ggml-org/gemma:latest",
        "huggingface://me/tensors:latest",
    }
    assert by_name["ollama://library/smollm:135m"].size_bytes == 4
    assert [path.name for path in by_name["huggingface://ggml-org/gemma:latest"].projectors] == ["p.gguf"]
    assert by_name["huggingface://me/tensors:latest"].format == NOT_GGUF
    assert [(file.kind, file.sentence) for file in found.left_out] == [
        (PARTIAL, "huggingface://me/half has a download that was not finished.")
    ]


def test_ramalamas_store_of_root_is_looked_at_too(tmp_path: Path) -> None:
    here = places(tmp_path)
    add_file(here.root, "var/lib/ramalama/store/hf/a/b/refs/latest.json", b"{")
    assert [model.name for model in ramalama.find(here).models] == ["huggingface://a/b:latest"]


class Docker:
    """Docker Model Runner's store in a folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.entries: list[object] = []

    def add(self, tags: list[str], layers: object) -> Path:
        manifest = layers if isinstance(layers, bytes) else json.dumps({"layers": layers}).encode()
        digest = hashlib.sha256(manifest + str(tags).encode()).hexdigest()
        self.entries.append({"id": f"sha256:{digest}", "tags": tags, "files": []})
        add_file(self.base, "models.json", json.dumps({"models": self.entries}).encode())
        return add_file(self.base, f"manifests/sha256/{digest}", manifest)

    def layer(self, content: bytes, kind: str = GGUF_LAYER, file: str | None = None) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        add_file(self.base, f"blobs/sha256/{digest}", content)
        annotations = {"org.cncf.model.filepath": file} if file else {}
        return {"mediaType": kind, "digest": f"sha256:{digest}", "annotations": annotations}


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path / ".docker/models")


def docker_found(home: Path) -> list[InstalledModel]:
    return list(docker_models.find(places(home)).models)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_broken_index_is_named(content: bytes, tmp_path: Path, docker: Docker) -> None:
    add_file(docker.base, "models.json", content)
    found = docker_models.find(places(tmp_path))
    assert found.models == ()
    assert "models.json cannot be read" in found.unreadable[0].sentence


@pytest.mark.parametrize(
    "content",
    [{}, {"models": 5}, {"models": [1, {}, {"id": 5, "tags": ["x"]}, {"id": "sha256:../..", "tags": []}]}],
)
def test_odd_entries_of_the_index_are_no_models(content: object, tmp_path: Path, docker: Docker) -> None:
    add_file(docker.base, "models.json", json.dumps(content).encode())
    found = docker_models.find(places(tmp_path))
    assert (found.models, found.unreadable) == ((), ())


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (b"{", "it is not JSON"),
        (b'{"layers": 5}', "its layers are not a list"),
        ([1], "a layer has no hash"),
        ([{"mediaType": GGUF_LAYER, "digest": "sha256:../../x"}], "a layer has no hash"),
        ([{"mediaType": GGUF_LAYER, "digest": "sha256:" + "a" * 64}], "is missing"),
    ],
)
def test_a_broken_manifest_is_a_model_with_a_problem(
    layers: object, reason: str, tmp_path: Path, docker: Docker
) -> None:
    docker.add(["ai/broken:latest"], layers)
    (model,) = docker_found(tmp_path)
    assert model.name == "ai/broken:latest"
    assert model.problem is not None
    assert reason in model.problem


def test_a_manifest_that_is_gone_is_a_problem(tmp_path: Path, docker: Docker) -> None:
    docker.add(["ai/gone"], []).unlink()
    assert "it does not exist" in str(docker_found(tmp_path)[0].problem)


def test_dockers_tags_layers_and_formats(tmp_path: Path, docker: Docker) -> None:
    licence = docker.layer(b"text", "application/vnd.docker.ai.license")
    projector = docker.layer(b"GGUFp", "application/vnd.docker.ai.mmproj")
    docker.add(
        ["index.docker.io/ai/smollm2:135M", "ai/smollm2:latest"], [docker.layer(b"GGUF"), projector, licence]
    )
    cncf = docker.layer(b"GGUF12", "application/vnd.cncf.model.weight.v1.raw", "model.gguf")
    docker.add([], [cncf])
    docker.add(["ai/tensors"], [docker.layer(b"tensors", "application/vnd.docker.ai.safetensors")])
    docker.add(["ai/words"], [licence])
    first, untagged, tensors = docker_found(tmp_path)
    assert (first.names, first.size_bytes, first.problem) == (
        ("ai/smollm2:135M", "ai/smollm2:latest"),
        4,
        None,
    )
    assert [path.read_bytes() for path in first.projectors] == [b"GGUFp"]
    assert untagged.name.startswith("sha256:")
    assert (tensors.name, tensors.format) == ("ai/tensors", NOT_GGUF)


def test_the_variable_says_where(tmp_path: Path) -> None:
    docker = Docker(tmp_path / "moved")
    docker.add(["ai/x"], [docker.layer(b"GGUF")])
    found = docker_models.find(places(tmp_path, MODELS_PATH=str(docker.base)))
    assert [model.name for model in found.models] == ["ai/x"]
