from __future__ import annotations

from pathlib import Path

from advisor.library.installed import InstalledModel, Scan, Unreadable
from advisor.library.scan import scan
from tests.support.model_stores import add_file, add_ollama_model, model_bytes, places


def test_nothing_installed_is_an_empty_answer(tmp_path: Path) -> None:
    assert scan(places(tmp_path)) == Scan()


def test_a_file_that_several_stores_reach_is_listed_once(tmp_path: Path) -> None:
    store = tmp_path / ".ollama/models"
    blob = add_ollama_model(store, "registry.ollama.ai/library/m/latest", model_bytes(tmp_path))
    repository = tmp_path / ".lmstudio/models/a/b"
    repository.mkdir(parents=True)
    (repository / "hard.gguf").hardlink_to(blob)
    own = add_file(repository, "own.gguf", b"GGUF")
    given = tmp_path / "given"
    given.mkdir()
    (given / "soft.gguf").symlink_to(blob)
    (given / "own.gguf").symlink_to(own)
    found = scan(places(tmp_path), [given, given, tmp_path / "absent"])
    assert [(model.store, model.name) for model in found.models] == [
        ("ollama", "m:latest"),
        ("lm-studio", "a/b/own.gguf"),
    ]
    assert [trouble.path.name for trouble in found.unreadable] == ["absent"]
    first, second = found.models
    assert (first.other_names, first.other_stores) == (
        ("a/b/hard.gguf", str(given / "soft.gguf")),
        ("lm-studio", "folder"),
    )
    assert second.other_names == (str(given / "own.gguf"),)


def test_models_without_a_file_are_all_kept_and_each_trouble_is_said_once(tmp_path: Path) -> None:
    trouble = Unreadable(tmp_path, "It cannot be read.")
    models = [InstalledModel("ollama", name, tmp_path / name, 0, problem="Gone.") for name in "ab"]
    stores = [lambda _, model=model: Scan((model,), (trouble,)) for model in models]
    assert scan(places(tmp_path), stores=stores) == Scan(tuple(models), (trouble,))


def test_a_copy_in_another_store_is_the_same_model_and_one_in_the_same_store_is_not(tmp_path: Path) -> None:
    content = model_bytes(tmp_path)
    add_ollama_model(tmp_path / ".ollama/models", "registry.ollama.ai/library/m/latest", content)
    add_file(tmp_path, ".lmstudio/models/a/b/copy.gguf", content)
    other = bytes([*content[:-1], content[-1] ^ 1])
    add_file(tmp_path, ".lmstudio/models/a/b/other.gguf", other)
    for name in ("one.gguf", "two.gguf"):
        add_file(tmp_path, f"models/{name}", content + b"more")
    found = scan(places(tmp_path))
    assert [model.names for model in found.models] == [
        ("m:latest", "a/b/copy.gguf"),
        ("a/b/other.gguf",),
        (str(tmp_path / "models/one.gguf"),),
        (str(tmp_path / "models/two.gguf"),),
    ]
    assert found.models[0].other_stores == ("lm-studio",)


def test_blobs_of_one_hash_are_one_model(tmp_path: Path) -> None:
    name = "sha256-" + "a" * 64
    paths = [add_file(tmp_path / store, name, b"GGUF" + bytes([number])) for number, store in enumerate("ab")]
    models = [InstalledModel(path.parent.name, path.parent.name, path, 5) for path in paths]
    stores = [lambda _, model=model: Scan((model,)) for model in models]
    assert [model.names for model in scan(places(tmp_path), stores=stores).models] == [("a", "b")]


def test_a_copy_that_cannot_be_read_stays_apart(tmp_path: Path) -> None:
    whole = add_file(tmp_path, "whole.gguf", b"GGUF")
    models = [InstalledModel("a", "a", whole, 4), InstalledModel("b", "b", tmp_path / "gone.gguf", 4)]
    stores = [lambda _, model=model: Scan((model,)) for model in models]
    assert scan(places(tmp_path), stores=stores).models == tuple(models)


def test_what_is_left_out_is_said_once(tmp_path: Path) -> None:
    half = add_file(tmp_path, "models/half.gguf.part", b"GG")
    found = scan(places(tmp_path), [tmp_path / "models"])
    assert (found.models, [file.path for file in found.left_out]) == ((), [half])
