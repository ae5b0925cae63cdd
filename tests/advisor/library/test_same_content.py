from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.library.same_content import named_hash, sampled_hash
from tests.support.model_stores import add_file


@pytest.mark.parametrize("name", ["absent", "no\0name", "."])
def test_what_is_no_file_has_no_content(name: str, tmp_path: Path) -> None:
    assert sampled_hash(tmp_path / name) is None
    assert named_hash(tmp_path / name) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert sampled_hash(tmp_path / "pipe") is None


@pytest.mark.parametrize("size", [1, 1000, 1024 * 1024])
def test_the_ends_and_the_length_tell_files_apart(size: int, tmp_path: Path) -> None:
    content = bytes(size)
    files = [content, content, content + b"\0", b"x" + content[1:], content[:-1] + b"x"]
    hashes = [sampled_hash(add_file(tmp_path, str(number), each)) for number, each in enumerate(files)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == (4 if size > 1 else 3)


@pytest.mark.parametrize("name", ["sha256-" + "a" * 64, "sha256:" + "a" * 64, "a" * 64])
def test_stores_name_files_by_their_hash(name: str, tmp_path: Path) -> None:
    blob = add_file(tmp_path, name, b"GGUF")
    link = tmp_path / "model.gguf"
    link.symlink_to(blob)
    assert named_hash(link) == "a" * 64
    assert named_hash(add_file(tmp_path, "a" * 63, b"GGUF")) is None
