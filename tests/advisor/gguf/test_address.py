"""What is no address, then the address that a name on Hugging Face means."""

from __future__ import annotations

import pytest

from advisor.errors import UsageError
from advisor.gguf.address import is_remote, model_url


@pytest.mark.parametrize(
    "word",
    [
        "http://example.org/model.gguf",
        "https://",
        "https://example.org",
        "https://example.org/folder/",
        "https://[broken/model.gguf",
        "hf:",
        "hf:owner",
        "hf:owner/repo",
        "hf:/repo/file.gguf",
        "hf:owner/repo/\udcff.gguf",
        "https://example.org/\udcff.gguf",
    ],
)
def test_an_address_that_is_none_is_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        model_url(word)
    assert caught.value.code == "bad-address"


@pytest.mark.parametrize(
    "word", ["https://example.org/a/m.gguf?download=true", "http://localhost:8080/m.gguf"]
)
def test_an_address_is_taken_as_it_is(word: str) -> None:
    assert model_url(word) == word


def test_a_name_on_hugging_face() -> None:
    url = model_url("hf:owner/a repo/sub folder/m.gguf")
    assert url == "https://huggingface.co/owner/a%20repo/resolve/main/sub%20folder/m.gguf"


@pytest.mark.parametrize(
    "word", ["https://example.org/m.gguf", "HTTPS://X/m.gguf", "http://x", "hf:a/b/c.gguf", "HF:a"]
)
def test_what_is_elsewhere(word: str) -> None:
    assert is_remote(word)


@pytest.mark.parametrize(
    "word", ["", "model.gguf", "preset:llama-3.1-8b", "llama3.1:8b", "./https:/m.gguf", "hf"]
)
def test_what_is_here(word: str) -> None:
    assert not is_remote(word)
