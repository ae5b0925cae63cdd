"""Which projectors go with a model file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.library.company import is_projector, projectors_of
from advisor.library.places import Places
from advisor.model import read_model
from advisor.model.facts import ModelFacts
from tests.support.companion_files import projector
from tests.support.gguf_bytes import expand_head


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "home", tmp_path, {}, "linux")


def model(path: Path) -> ModelFacts:
    path.parent.mkdir(parents=True, exist_ok=True)
    expand_head("qwen2-dense", path.parent).rename(path)
    return read_model(path)


@pytest.mark.parametrize(
    "name", ["mmproj-F16.gguf", "mmproj-model-f16.gguf", "MMPROJ.GGUF", "gemma-3.mmproj-f16.gguf"]
)
def test_a_projector_is_known_by_its_name(name: str) -> None:
    assert is_projector(Path("/m") / name)


@pytest.mark.parametrize("name", ["gemma-3.gguf", "mmproj-F16.txt", "sha256-0", "", "notes-about-mmprojs"])
def test_other_names_say_nothing(name: str) -> None:
    assert not is_projector(Path("/m") / name)


def test_those_beside_it_that_go_with_it_the_smallest_first(tmp_path: Path, places: Places) -> None:
    facts = model(tmp_path / "qwen-Q4_K_M.gguf")
    model(tmp_path / "other-Q4_K_M.gguf")
    projector(n_blocks=4).write(tmp_path / "mmproj-qwen-BF16.gguf")
    projector(n_blocks=2).write(tmp_path / "mmproj-qwen-F16.gguf")
    projector().write(tmp_path / "mmproj-other-F16.gguf")
    (tmp_path / "mmproj-qwen-Q8_0.gguf").write_bytes(b"GGUF")  # unreadable: as if it was not there
    found = projectors_of(facts, places)
    assert [it.name for it in found] == ["mmproj-qwen-F16.gguf", "mmproj-qwen-BF16.gguf"]


def test_without_one_and_without_a_folder_there_is_none(tmp_path: Path, places: Places) -> None:
    facts = model(tmp_path / "qwen.gguf")
    assert projectors_of(facts, places) == ()
    gone = tmp_path / "gone" / "qwen.gguf"
    assert projectors_of(replace(facts, path=gone, shards=(gone,)), places) == ()
    assert projectors_of(replace(facts, path=None, shards=()), places) == ()


def test_a_split_model_has_the_one_beside_its_first_part(tmp_path: Path, places: Places) -> None:
    facts = model(tmp_path / "qwen.gguf")
    first, second = (tmp_path / f"big-0000{part}-of-00002.gguf" for part in (1, 2))
    for part in (first, second):
        part.touch()
    (tmp_path / "qwen.gguf").unlink()
    projector().write(tmp_path / "mmproj-big-F16.gguf")
    found = projectors_of(replace(facts, path=second, shards=(first, second)), places)
    assert [it.name for it in found] == ["mmproj-big-F16.gguf"]


def test_ollamas_manifest_says_what_goes_with_a_blob(tmp_path: Path, places: Places) -> None:
    blobs = places.home / ".ollama" / "models" / "blobs"
    facts = model(blobs / f"sha256-{'a' * 64}")
    projector().write(blobs / f"sha256-{'b' * 64}")
    manifest = places.home / ".ollama/models/manifests/registry.ollama.ai/library/gemma3/4b"
    manifest.parent.mkdir(parents=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'a' * 64}", "size": 1},
        {"mediaType": "application/vnd.ollama.image.projector", "digest": f"sha256:{'b' * 64}", "size": 1},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}), encoding="utf-8")
    assert [it.path.name for it in projectors_of(facts, places)] == [f"sha256-{'b' * 64}"]
