from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from advisor.library.installed import NOT_GGUF
from advisor.library.stores import lm_studio
from tests.support.model_stores import add_file, places


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"\xff\xfe", "it is not text"),
        (b" " * (4 * 1024 * 1024 + 1), "but no real one has more"),
    ],
)
def test_broken_settings_are_named_and_the_usual_folder_is_read(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    home = tmp_path / ".lmstudio"
    add_file(home, "settings.json", content)
    add_file(home / "models", "a/b/c.gguf", b"GGUF")
    found = lm_studio.find(places(tmp_path))
    assert [model.name for model in found.models] == ["a/b/c.gguf"]
    (trouble,) = found.unreadable
    assert reason in trouble.sentence


@pytest.mark.parametrize("said", [None, 5, "", "relative/folder", [], "\0"])
def test_a_downloads_folder_that_can_be_none_is_not_used(said: object, tmp_path: Path) -> None:
    home = tmp_path / ".lmstudio"
    add_file(home, "settings.json", json.dumps({"downloadsFolder": said}).encode())
    assert lm_studio.models_folder(places(tmp_path)) == (home / "models", ())


def test_a_downloads_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "unplugged"
    add_file(tmp_path / ".lmstudio", "settings.json", json.dumps({"downloadsFolder": str(gone)}).encode())
    found = lm_studio.find(places(tmp_path))
    assert found.models == ()
    assert [(trouble.path, "does not exist" in trouble.sentence) for trouble in found.unreadable] == [
        (gone, True)
    ]


def test_a_downloads_folder_with_a_character_that_no_name_has_is_no_exception(tmp_path: Path) -> None:
    add_file(tmp_path / ".lmstudio", "settings.json", json.dumps({"downloadsFolder": "/a\0b"}).encode())
    assert lm_studio.find(places(tmp_path)).models == ()


@pytest.mark.parametrize("content", [b"\xff\xff", b" " * 9000])
def test_a_broken_home_pointer_is_named(content: bytes, tmp_path: Path) -> None:
    add_file(tmp_path, ".lmstudio-home-pointer", content)
    add_file(tmp_path / ".lmstudio/models", "a/b/c.gguf", b"GGUF")
    found = lm_studio.find(places(tmp_path))
    assert [model.name for model in found.models] == ["a/b/c.gguf"]
    assert "pointer to its home" in found.unreadable[0].sentence


def test_a_models_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    add_file(tmp_path / ".lmstudio", "models", b"x")
    (trouble,) = lm_studio.find(places(tmp_path)).unreadable
    assert trouble.sentence.endswith("it is not a folder.")


def test_no_lm_studio_is_no_trouble(tmp_path: Path) -> None:
    found = lm_studio.find(places(tmp_path))
    assert (found.models, found.unreadable) == ((), ())


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    top = tmp_path / ".lmstudio/models"
    add_file(top, "a/b/c.gguf", b"GGUF")
    (top / "a/b/up").symlink_to(top)
    (top / "a/b/self.gguf").symlink_to("self.gguf")
    assert [model.name for model in lm_studio.find(places(tmp_path)).models] == ["a/b/c.gguf"]


def test_the_home_is_the_pointers_then_the_older_then_the_usual(tmp_path: Path) -> None:
    def folder() -> Path:
        return lm_studio.models_folder(places(tmp_path))[0]

    assert folder() == tmp_path / ".lmstudio" / "models"
    (tmp_path / ".cache" / "lm-studio").mkdir(parents=True)
    assert folder() == tmp_path / ".cache" / "lm-studio" / "models"
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'moved'}\n")
    assert folder() == tmp_path / "moved" / "models"
    add_file(tmp_path, "moved/settings.json", json.dumps({"downloadsFolder": str(tmp_path / "big")}).encode())
    assert folder() == tmp_path / "big"


def test_models_have_their_parts_and_projectors(tmp_path: Path) -> None:
    top = tmp_path / ".lmstudio/models"
    whole = add_file(top, "google/gemma-GGUF/gemma-Q4.gguf", b"GGUF12")
    projector = add_file(top, "google/gemma-GGUF/mmproj-gemma-f16.gguf", b"GGUF")
    for number, content in ((1, b"GGUF"), (2, b"GGUF123")):
        add_file(top, f"qwen/big-GGUF/big-0000{number}-of-00002.gguf", content)
    first, second = lm_studio.find(places(tmp_path)).models
    assert (first.name, first.path) == ("google/gemma-GGUF/gemma-Q4.gguf", whole)
    assert (first.projectors, first.runtime, first.size_bytes) == ((projector,), "lm-studio", 6)
    assert (second.name, second.size_bytes) == ("qwen/big-GGUF/big-00001-of-00002.gguf", 11)
    assert (second.projectors, second.problem) == ((), None)


def test_what_lies_above_a_repository_is_not_lm_studios(tmp_path: Path) -> None:
    for name in ("loose.gguf", "publisher/loose.gguf"):
        add_file(tmp_path / ".lmstudio/models", name, b"GGUF")
    assert lm_studio.find(places(tmp_path)).models == ()


def test_an_mlx_model_is_listed_as_no_gguf(tmp_path: Path) -> None:
    top = tmp_path / ".lmstudio/models"
    for name, content in (("config.json", b"{}"), ("a.safetensors", b"12345"), ("b.safetensors", b"678")):
        add_file(top, f"mlx-community/qwen-4bit/{name}", content)
    add_file(top, "someone/only-tensors/a.safetensors", b"no config: not a model")
    (model,) = lm_studio.find(places(tmp_path)).models
    assert (model.name, model.format, model.size_bytes) == ("mlx-community/qwen-4bit", NOT_GGUF, 8)
    assert model.problem is not None
    assert model.problem.startswith("It is not a GGUF")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_models(tmp_path: Path) -> None:
    repository = tmp_path / ".lmstudio/models/a/b"
    repository.mkdir(parents=True)
    os.mkfifo(repository / "pipe.gguf")
    assert lm_studio.find(places(tmp_path)).models == ()
