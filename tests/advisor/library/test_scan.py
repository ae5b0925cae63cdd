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


def test_models_without_a_file_are_all_kept_and_each_trouble_is_said_once(tmp_path: Path) -> None:
    trouble = Unreadable(tmp_path, "It cannot be read.")
    models = [InstalledModel("ollama", name, tmp_path / name, 0, problem="Gone.") for name in "ab"]
    stores = [lambda _, model=model: Scan((model,), (trouble,)) for model in models]
    assert scan(places(tmp_path), stores=stores) == Scan(tuple(models), (trouble,))
