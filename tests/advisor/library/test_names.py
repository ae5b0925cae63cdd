from __future__ import annotations

from pathlib import Path

import pytest

from advisor.errors import ModelError, UsageError
from advisor.library.names import Installed, installed_named, model_path, runtime_of_word
from tests.support.model_stores import (
    add_file,
    add_manifest,
    add_ollama_model,
    layer,
    manifest,
    model_bytes,
    places,
)
from tests.support.shut_folders import shut

LIBRARY = "registry.ollama.ai/library"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two names in Ollama, one in LM Studio, one broken and one that is no GGUF."""
    store = tmp_path / ".ollama/models"
    add_ollama_model(store, f"{LIBRARY}/llama3.1/8b", model_bytes(tmp_path))
    add_ollama_model(store, f"{LIBRARY}/llama3.1/latest", model_bytes(tmp_path, n_layer=2))
    add_manifest(store, f"{LIBRARY}/broken/latest", manifest(layer("model", "sha256:" + "a" * 64)))
    add_manifest(store, f"{LIBRARY}/mlx/latest", manifest(layer("tensor", "sha256:" + "a" * 64)))
    add_file(tmp_path / ".lmstudio/models", "google/gemma-GGUF/gemma.gguf", b"GGUF")
    return tmp_path


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("llama3.1:8", "llama3.1:8b"),
        ("lama3.1:8b", "llama3.1:8b"),
        ("lama3.1", "llama3.1:latest"),
        ("gemma-GGUF/gemma.guf", "google/gemma-GGUF/gemma.gguf"),
        ("zzz", "Installed are, for example, broken:latest"),
    ],
)
def test_a_name_that_nothing_has_gets_the_nearest_ones(word: str, near: str, home: Path) -> None:
    with pytest.raises(ModelError) as caught:
        model_path(word, Installed(places(home)))
    assert caught.value.code == "unknown-model"
    assert caught.value.exit_code == 3
    assert f'"{word}"' in caught.value.message
    assert near in caught.value.hint


def test_a_name_where_nothing_is_installed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r'no file "llama3\.1:8b"') as caught:
        model_path("llama3.1:8b", Installed(places(tmp_path)))
    assert "path of a GGUF file" in caught.value.hint


@pytest.mark.parametrize(
    ("word", "code", "said"), [("broken", "broken-model", "missing"), ("mlx", "not-gguf", "not a GGUF")]
)
def test_a_model_that_cannot_be_opened_says_why(word: str, code: str, said: str, home: Path) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        model_path(word, Installed(places(home)))
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["", "m"])
def test_a_path_that_may_not_be_looked_at_is_left_to_the_reader_of_files(
    tmp_path: Path, home: Path, name: str
) -> None:
    folder = tmp_path / "shut"
    add_file(folder, "m", b"GGUF")
    with shut(folder):
        assert model_path(str(folder / name), Installed(places(home))) == folder / name


@pytest.mark.parametrize("word", ["absent.gguf", "a/b/c/d/e", "./absent", "https://x.org/a", "", "no\0name"])
def test_what_looks_like_a_path_is_left_to_the_reader_of_files(word: str, home: Path) -> None:
    assert model_path(word, Installed(places(home))) == Path(word)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("llama3.1:8b", "llama3.1:8b"),
        ("LLAMA3.1:8B", "llama3.1:8b"),
        ("llama3.1", "llama3.1:latest"),
        ("registry.ollama.ai/library/llama3.1:8b", "llama3.1:8b"),
        ("google/gemma-GGUF/gemma.gguf", "google/gemma-GGUF/gemma.gguf"),
    ],
)
def test_an_installed_name_is_its_file(word: str, name: str, home: Path) -> None:
    model = installed_named(word, Installed(places(home)))
    assert model is not None
    assert model.name == name
    assert model_path(word, Installed(places(home))) == model.path
    assert runtime_of_word(word, Installed(places(home))) == model.runtime


def test_the_exact_spelling_wins_where_names_collide(tmp_path: Path) -> None:
    store = tmp_path / ".ollama/models"
    blobs = {
        name: add_ollama_model(store, f"hf.co/me/{name}/Q4", model_bytes(tmp_path, n_layer=n))
        for n, name in enumerate(("Mine", "mine"), 1)
    }
    for name, blob in blobs.items():
        assert model_path(f"hf.co/me/{name}:Q4", Installed(places(tmp_path))) == blob


def test_a_file_of_that_name_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(add_file(home / "work", "llama3.1:8b", b"GGUF").parent)
    assert model_path("llama3.1:8b", Installed(places(home))) == Path("llama3.1:8b")
    assert runtime_of_word("llama3.1:8b", Installed(places(home))) is None


def test_a_name_that_two_stores_have_for_different_files_is_refused_with_their_paths(tmp_path: Path) -> None:
    first = add_file(tmp_path, ".cache/llama.cpp/model.gguf", b"GGUF")
    second = add_file(tmp_path, ".cache/gpt4all/model.gguf", b"GGUF12")
    with pytest.raises(UsageError, match="could be 2 models") as caught:
        model_path("model.gguf", Installed(places(tmp_path)))
    assert caught.value.code == "ambiguous-model"
    assert f"{first} (llama.cpp), {second} (GPT4All)" in caught.value.hint


def test_a_name_that_two_stores_have_for_one_content_is_that_model(tmp_path: Path) -> None:
    first = add_file(tmp_path, ".cache/llama.cpp/model.gguf", b"GGUF")
    add_file(tmp_path, ".cache/gpt4all/model.gguf", b"GGUF")
    assert model_path("model.gguf", Installed(places(tmp_path))) == first


HUB = ".cache/huggingface/hub/models--google--gemma-GGUF/snapshots/abc"


@pytest.mark.parametrize(
    "word", ["gemma-Q4.gguf", "gemma-q4", "gemma-GGUF/gemma-Q4.gguf", "google/gemma-GGUF/gemma-Q4"]
)
def test_the_end_of_a_name_is_enough(word: str, tmp_path: Path) -> None:
    model = add_file(tmp_path, f"{HUB}/gemma-Q4.gguf", b"GGUF")
    add_file(tmp_path, f"{HUB}/gemma-Q8.gguf", b"GGUF")
    assert model_path(word, Installed(places(tmp_path))) == model


def test_a_repository_is_its_model_if_it_has_but_one(tmp_path: Path) -> None:
    model = add_file(tmp_path, f"{HUB}/gemma-Q4.gguf", b"GGUF")
    assert model_path("google/gemma-GGUF", Installed(places(tmp_path))) == model
    add_file(tmp_path, f"{HUB}/gemma-Q8.gguf", b"GGUF")
    with pytest.raises(UsageError) as caught:
        model_path("google/gemma-GGUF", Installed(places(tmp_path)))
    assert "Say which: google/gemma-GGUF/gemma-Q4.gguf (Hugging Face), google/" in caught.value.hint
    with pytest.raises(ModelError):
        model_path("google", Installed(places(tmp_path)))


def test_the_candidates_that_are_named_are_few(tmp_path: Path) -> None:
    for number in range(12):
        add_file(tmp_path, f"{HUB}/gemma-{number}.gguf", b"GGUF")
    with pytest.raises(UsageError) as caught:
        model_path("google/gemma-GGUF", Installed(places(tmp_path)))
    assert caught.value.hint.endswith(" and 4 more.")


def test_stores_with_a_runtime_profile_say_it(tmp_path: Path) -> None:
    add_file(tmp_path, ".cache/llama.cpp/model.gguf", b"GGUF")
    add_file(tmp_path, ".cache/gpt4all/other.gguf", b"GGUF")
    assert runtime_of_word("model.gguf", Installed(places(tmp_path))) == "llama-server"
    assert runtime_of_word("other.gguf", Installed(places(tmp_path))) is None
