"""Which loaded model is the planned one, and what is said of it and of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.export.asking.answer import Loaded
from advisor.export.comparing import ThisModel, also_loaded, compared, differences, is_this, this_model
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.model_stores import add_ollama_model
from tests.support.planning import a_model

WANTED = LoadSettings(n_ctx=8192, n_seq_max=2, kv_unified=False, n_gpu_layers=33)
CONTENT = b"GGUF" + bytes(range(256)) * 40
OTHER = CONTENT[:-1] + b"x"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my model.gguf"
    path.write_bytes(CONTENT)
    return path


def model_at(path: Path | None, *names: str) -> ThisModel:
    return ThisModel(path, len(CONTENT), "gemma3", "Q4_K_M", frozenset(names))


def at(path: object, name: str = "x") -> Loaded:
    return Loaded(name, 4096, path=str(path))


@pytest.mark.parametrize("said", ["\0", "/\0", "/" + "x/" * 3000, "/dev/zero", "/proc/self/mem", "/"])
def test_a_strange_path_is_another_file_or_unknown(said: str, file: Path) -> None:
    assert not is_this(at(said), model_at(file))


def test_a_file_that_vanished_tells_nothing(tmp_path: Path, file: Path) -> None:
    for name in ("gone.gguf", f"gone/{file.name}"):
        assert is_this(at(file), model_at(tmp_path / name)) is None


def test_the_same_file_under_any_name(tmp_path: Path, file: Path) -> None:
    (tmp_path / "link.gguf").symlink_to(file)
    (tmp_path / "copy.gguf").write_bytes(CONTENT)
    for path in (file, tmp_path / "link.gguf", tmp_path / "." / "copy.gguf"):
        assert is_this(at(path), model_at(file)) is True
    (tmp_path / "copy.gguf").write_bytes(OTHER)
    assert is_this(at(tmp_path / "copy.gguf", "mine"), model_at(file, "mine")) is False


def test_ollamas_blob_is_known_by_its_hash_and_else_by_its_content(tmp_path: Path, file: Path) -> None:
    blob = add_ollama_model(tmp_path / "ollama", "registry.ollama.ai/library/a/latest", CONTENT)
    other = add_ollama_model(tmp_path / "ollama", "registry.ollama.ai/library/b/latest", OTHER)
    assert is_this(at(blob), model_at(file)) is True
    assert is_this(at(other), model_at(file)) is False
    in_a_container = f"/data/ollama/models/blobs/{blob.name}"
    assert is_this(at(in_a_container), model_at(blob)) is True
    assert is_this(at(in_a_container), model_at(other)) is False
    # Its hash is told, and that of this file would take minutes.
    assert is_this(at(in_a_container), model_at(file)) is None
    assert is_this(at(in_a_container, "mine:latest"), model_at(file, "mine:latest")) is True


def test_what_ollama_joined_of_several_files_is_known_by_its_name(tmp_path: Path, file: Path) -> None:
    blob = add_ollama_model(tmp_path / "ollama", "registry.ollama.ai/library/a/latest", OTHER)
    split = replace(model_at(file, "mine:latest"), is_split=True)
    assert is_this(at(blob, "mine:latest"), split) is True
    assert is_this(at(blob), split) is None
    assert is_this(at(file), split) is True
    assert is_this(at("/in/a/container/other.gguf"), split) is False
    facts = replace(a_model(), path=file, shards=(file, file.with_name("second.gguf")))
    assert this_model(facts, render("ollama", WANTED, facts, model_path=str(file))).is_split


@pytest.mark.parametrize("said", ["models/{}", "C:\\models\\{}", "/in/a/container/{}"])
def test_a_place_that_is_not_here_is_known_by_the_files_name_alone(said: str, file: Path) -> None:
    assert is_this(at(said.format(file.name)), model_at(file)) is None
    assert is_this(at(said.format("other.gguf")), model_at(file)) is False


@pytest.mark.parametrize(
    ("it", "which"),
    [
        (Loaded("x", 1), None),
        (Loaded("mine:latest", 1), True),
        (Loaded("x", 1, names=("maker/mine",)), True),
        (Loaded("mine:latest", 1, architecture="llama"), False),
        (Loaded("mine:latest", 1, architecture="gemma-3", quantization="q4_k_m"), True),
        (Loaded("mine:latest", 1, quantization="unknown"), True),
        (Loaded("mine:latest", 1, quantization="Q8_0"), False),
        (Loaded("x", 1, file_bytes=len(CONTENT)), True),
        (Loaded("x", 1, file_bytes=len(CONTENT) - 1), False),
        (Loaded("x", 1, file_bytes=len(CONTENT) + 500), None),  # perhaps with its projector
    ],
)
def test_without_a_file_names_and_kinds_tell(it: Loaded, which: bool | None) -> None:
    assert is_this(it, model_at(None, "mine:latest", "maker/mine")) is which


def test_the_planned_model_is_known_by_what_it_was_asked_for_and_exported_as(file: Path) -> None:
    facts = replace(a_model(), path=file, shards=(file,))
    export = render("ollama", WANTED, facts, model_path=str(file))
    model = this_model(facts, export, ["gemma3"])
    assert {"gemma3:latest", "my-model-ctx4096:latest"} <= model.names
    assert model.path == file
    gone = replace(facts, path=Path("preset:x"), shards=())
    assert this_model(gone, export).path is None
    key = "maker/a model-GGUF/x.gguf"
    assert key in this_model(facts, render("lm-studio", WANTED, facts, model_path=key)).names


def test_only_the_planned_model_is_compared_and_it_comes_first(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(OTHER)
    found = (Loaded("a", 512, path=str(other)), Loaded("b", 512), Loaded("c", 2048, path=str(file)))
    first, second, third = compared(found, model_at(file), WANTED)
    assert [(it.loaded.name, it.is_this) for it in (first, second, third)] == [
        ("c", True),
        ("b", None),
        ("a", False),
    ]
    assert "2,048 tokens of context instead of 4,096" in first.differences[0]
    assert second.differences
    assert third.differences == ()


def test_the_others_are_told_with_their_memory() -> None:
    gib = 2**30
    assert also_loaded(Loaded("x", 1, None, 4 * gib, 3 * gib)) == (
        "Also loaded: x, which takes 4.0 GiB, 3.0 GiB of it on the GPU."
    )
    assert also_loaded(Loaded("x", 1, None, 4 * gib, 0)) == "Also loaded: x, which takes 4.0 GiB."
    assert "is not told" in also_loaded(Loaded("x", 1))


def test_as_planned_is_no_difference() -> None:
    assert differences(Loaded("x", 4096, 2, 5, 5), WANTED) == ()
    assert differences(Loaded("x", None), WANTED) == ()
    on_the_cpu = LoadSettings(n_ctx=4096, n_gpu_layers=0)
    assert differences(Loaded("x", 4096, None, 5, 0, offload_kqv=False), on_the_cpu) == ()
    assert differences(Loaded("x", 4096, flash_attn=False), replace(WANTED, flash_attn="off")) == ()


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        (Loaded("x", 2048), "are cut"),
        (Loaded("x", 8192), "more memory"),
        (Loaded("x", 4096, 4), "4 slots instead of 2"),
        (Loaded("x", 4096, flash_attn=False), "Flash attention is off there"),
        (Loaded("x", 4096, offload_kqv=False), "in RAM; on the GPU was planned"),
        (Loaded("x", 4096, None, 4 * 2**30, 3 * 2**30), "1.0 GiB of 4.0 GiB are not on the GPU"),
    ],
)
def test_each_difference_is_a_sentence(loaded: Loaded, words: str) -> None:
    (sentence,) = differences(loaded, WANTED)
    assert words in sentence
