"""Which files a drop opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.window.drops import is_model_file, split


@pytest.mark.parametrize("name", ["a.gguf", "A.GGUF", "m-00001-of-00003.gguf", "sha256-0123abc"])
def test_model_files_are_taken(name: str) -> None:
    assert is_model_file(Path("/models") / name)


@pytest.mark.parametrize("name", ["photo.png", "model.safetensors", "gguf", "notes.gguf.txt", ""])
def test_others_are_refused(name: str) -> None:
    assert not is_model_file(Path("/models") / name)


def test_a_mixed_drop_is_split_in_order() -> None:
    paths = [Path("b.gguf"), Path("x.png"), Path("a.gguf")]
    assert split(paths) == ([Path("b.gguf"), Path("a.gguf")], [Path("x.png")])
