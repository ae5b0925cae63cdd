from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.library.belonging import runtime_of
from tests.support.model_stores import add_file, add_ollama_model, places


@pytest.mark.parametrize("name", ["absent.gguf", "no\0name", "x" * 5000])
def test_what_is_no_file_belongs_to_no_one(name: str, tmp_path: Path) -> None:
    assert runtime_of(tmp_path / name, places(tmp_path)) is None


def test_a_loop_of_links_belongs_to_no_one(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").symlink_to("a.gguf")
    assert runtime_of(tmp_path / "a.gguf", places(tmp_path)) is None


def test_a_blob_of_any_ollama_store_is_ollamas(tmp_path: Path) -> None:
    blob = add_ollama_model(tmp_path / "volume", "registry.ollama.ai/library/m/latest", b"GGUF")
    assert runtime_of(blob, places(tmp_path)) == "ollama"
    link = tmp_path / "mine.gguf"
    link.symlink_to(blob)
    assert runtime_of(link, places(tmp_path)) == "ollama"


def test_blobs_of_other_stores_are_not_ollamas(tmp_path: Path) -> None:
    others = add_file(tmp_path / "ramalama", f"blobs/sha256-{'a' * 64}", b"GGUF")
    config = add_ollama_model(tmp_path / "store", "registry.ollama.ai/library/m/latest", b"GGUF")
    odd = add_file(config.parent, "model.gguf", b"GGUF")
    assert runtime_of(others, places(tmp_path)) is None
    assert runtime_of(odd, places(tmp_path)) is None


def test_a_file_in_lm_studios_folder_is_lm_studios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = tmp_path / "big"
    add_file(tmp_path / ".lmstudio", "settings.json", json.dumps({"downloadsFolder": str(big)}).encode())
    path = add_file(big, "a/b/c.gguf", b"GGUF")
    beside = add_file(tmp_path, "big-other/c.gguf", b"GGUF")
    assert runtime_of(path, places(tmp_path)) == "lm-studio"
    assert runtime_of(beside, places(tmp_path)) is None
    monkeypatch.chdir(big)
    assert runtime_of(Path("a/b/c.gguf"), places(tmp_path)) == "lm-studio"


def test_a_link_in_lm_studios_folder_to_ollamas_blob_is_lm_studios(tmp_path: Path) -> None:
    blob = add_ollama_model(tmp_path / ".ollama/models", "registry.ollama.ai/library/m/latest", b"GGUF")
    link = tmp_path / ".lmstudio/models/a/b/c.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    assert runtime_of(link, places(tmp_path)) == "lm-studio"
