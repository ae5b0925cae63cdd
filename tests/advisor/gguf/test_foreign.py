from __future__ import annotations

from collections.abc import Callable

import pytest

from advisor.errors import GgufError

Refuse = Callable[..., GgufError]

SAFETENSORS = (70_000).to_bytes(8, "little") + b'{"__metadata__":{"format":"pt"}}'
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 253113024\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS_POINTER, "Git LFS pointer"),
        (b"lmgg" + bytes(60), '"ggml"'),
        (b"fmgg" + bytes(60), '"ggmf"'),
        (b"tjgg" + bytes(60), '"ggjt"'),
        (b"ggjt" + bytes(60), '"ggjt"'),
        (b"algg" + bytes(60), "LoRA"),
        (b"nsgg" + bytes(60), "session"),
        (b"qsgg" + bytes(60), "sequence"),
        (b"FUGG\x00\x00\x00\x03", "swapped"),
        (b"PK\x03\x04archive/data.pkl", "zip archive"),
        (b"\x80\x02}q\x00X\x07", "pickle"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x89HDF\r\n", "HDF5"),
        (SAFETENSORS, "safetensors"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"Rar!\x1a", "RAR"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\n  <HTML lang=en>", "web page"),
        (b'{"error":"Invalid username or password."}', "JSON"),
        (b"Entry not found", "letters GGUF"),
        (b"\x7fELF" + bytes(60), "letters GGUF"),
        (b"G", "incomplete"),
    ],
)
def test_every_kind_of_file_gets_its_own_sentence(refuse: Refuse, content: bytes, words: str) -> None:
    code = "truncated" if content == b"G" else "not-gguf"
    error = refuse(content, code)
    assert words in error.message
    assert error.message.startswith("model.gguf ")


def test_the_hint_fits_the_kind(refuse: Refuse) -> None:
    assert "git lfs pull" in refuse(LFS_POINTER, "not-gguf").hint
    assert "convert_hf_to_gguf.py" in refuse(SAFETENSORS, "not-gguf").hint
    assert "Unpack" in refuse(b"\x1f\x8b\x08", "not-gguf").hint
    assert "unpack" in refuse(b"PK\x03\x04", "not-gguf").hint


def test_reserved_but_unfilled_space_is_a_running_download(refuse: Refuse) -> None:
    error = refuse(bytes(4096), "truncated")
    assert "zeros only" in error.message


def test_a_brace_at_byte_8_alone_is_not_safetensors(refuse: Refuse) -> None:
    error = refuse(b"\xff" * 8 + b"{" + bytes(50), "not-gguf")
    assert "safetensors" not in error.message
