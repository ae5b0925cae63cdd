"""Reading what must be refused, and what every refusal must look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.errors import GgufError
from advisor.gguf import read_header
from tests.support.gguf_bytes import GgufBytes

CODES = {
    "empty-file",
    "hostile",
    "is-directory",
    "missing-shard",
    "not-a-file",
    "not-found",
    "not-gguf",
    "shard-mismatch",
    "truncated",
    "unknown-tensor-type",
    "unreadable",
    "unsupported-version",
}


@pytest.fixture
def check_error() -> Callable[[GgufError], None]:
    """Asserts that an error is fit to be shown: two calm, complete, printable sentences and a code."""

    def check(error: GgufError) -> None:
        assert type(error) is GgufError
        assert error.code in CODES
        for sentence in (error.message, error.hint):
            assert sentence.isprintable()
            assert sentence.endswith(".")
            assert "!" not in sentence
            assert 15 < len(sentence) < 500
        assert error.hint[0].isupper()

    return check


@pytest.fixture
def refuse(
    tmp_path: Path, check_error: Callable[[GgufError], None]
) -> Callable[[Path | bytes | GgufBytes, str], GgufError]:
    """Asserts that a file is refused with a code, and returns the error. Bytes become `model.gguf`."""

    def refused(model: Path | bytes | GgufBytes, code: str) -> GgufError:
        path = model if isinstance(model, Path) else tmp_path / "model.gguf"
        if isinstance(model, GgufBytes):
            model.write(path)
        elif isinstance(model, bytes):
            path.write_bytes(model)
        with pytest.raises(GgufError) as caught:
            read_header(path)
        check_error(caught.value)
        assert caught.value.code == code, caught.value.message
        return caught.value

    return refused
