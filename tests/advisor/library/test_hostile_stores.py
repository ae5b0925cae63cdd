"""Every store of a home, each file in turn with garbage in it, gone or not to be read: no finder raises."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from advisor.library.scan import scan
from tests.support.garbage import EVERYTHING
from tests.support.model_stores import add_file, add_ollama_model, places
from tests.support.shut_folders import shut

MODEL = b"GGUF a model"
HASH = hashlib.sha256(MODEL).hexdigest()


def home_with_every_store(home: Path) -> Path:
    """One model in each store, with all that its program writes beside it."""
    add_ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/latest", MODEL)
    add_file(home, "system/etc/systemd/system/ollama.service", b"[Service]\nEnvironment=OLLAMA_MODELS=/srv\n")
    add_file(home, ".lmstudio-home-pointer", str(home / "studio").encode())
    add_file(home, "studio/settings.json", json.dumps({"downloadsFolder": str(home / "lms")}).encode())
    add_file(home, "lms/a/b/model.gguf", MODEL + b"1")
    repository = home / ".cache/huggingface/hub/models--a--b"
    blob = add_file(repository, f"blobs/{HASH}", MODEL + b"2")
    add_file(repository, "refs/main", b"abc")
    (repository / "snapshots/abc").mkdir(parents=True)
    (repository / "snapshots/abc/model.gguf").symlink_to(blob)
    add_file(home, ".local/share/Jan/data/llamacpp/models/x/x.gguf", MODEL + b"3")
    add_file(
        home, ".local/share/Jan/data/llamacpp/models/x/model.yml", b"model_path: llamacpp/models/x/x.gguf\n"
    )
    add_file(home, ".config/jan.ai.app/settings.json", b"{}")
    add_file(home, ".config/nomic.ai/GPT4All.ini", f"[General]\nmodelPath={home}/gpt4all\n".encode())
    add_file(home, "gpt4all/x.gguf", MODEL + b"4")
    add_file(home, "x.kcpps", json.dumps({"model_param": "k.gguf"}).encode())
    add_file(home, "k.gguf", MODEL + b"5")
    add_file(home, ".localai/models/x.yaml", b"name: x\nparameters:\n  model: x.gguf\n")
    add_file(home, ".localai/models/x.gguf", MODEL + b"6")
    docker = home / ".docker/models"
    index = {"models": [{"id": f"sha256:{HASH}", "tags": ["docker.io/ai/x:latest"]}]}
    weights = {"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": f"sha256:{HASH}"}
    add_file(docker, "models.json", json.dumps(index).encode())
    add_file(docker, f"manifests/sha256/{HASH}", json.dumps({"layers": [weights]}).encode())
    add_file(docker, f"blobs/sha256/{HASH}", MODEL + b"7")
    ramalama = home / ".local/share/ramalama/store/hf/a/b"
    reference = {"hash": "sha256:abc", "files": [{"name": "m.gguf", "type": "gguf"}]}
    add_file(ramalama, "refs/latest.json", json.dumps(reference).encode())
    add_file(ramalama, "snapshots/sha256-abc/m.gguf", MODEL + b"8")
    add_file(home, ".config/user-dirs.dirs", b'XDG_DOWNLOAD_DIR="$HOME/Down"\n')
    add_file(home, "Down/loaded.gguf", MODEL + b"9")
    return home


def files_of(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def names(home: Path) -> set[str]:
    """What is found; all texts can be shown, and each thing that was not read is told with a path."""
    found = scan(places(home))
    for trouble in found.unreadable:
        assert trouble.sentence.endswith(".")
    return {model.name for model in found.models}


def test_a_sound_home_has_a_model_in_each_store(tmp_path: Path) -> None:
    home = home_with_every_store(tmp_path)
    stores = {model.store for model in scan(places(home)).models if not model.problem}
    assert stores == {
        *("ollama", "lm-studio", "hugging-face", "jan", "gpt4all", "koboldcpp", "localai", "docker"),
        *("ramalama", "folder"),
    }


@pytest.mark.parametrize("garbage", EVERYTHING, ids=lambda garbage: repr(garbage[:12]))
def test_garbage_in_any_file_costs_no_other_stores_models(tmp_path: Path, garbage: bytes) -> None:
    home = home_with_every_store(tmp_path)
    sound_names = names(home)
    for path in files_of(home):
        sound = path.read_bytes()
        path.write_bytes(garbage)
        assert len(sound_names - names(home)) <= 1
        path.write_bytes(sound)


def test_any_file_that_is_gone_or_a_folder(tmp_path: Path) -> None:
    home = home_with_every_store(tmp_path)
    sound_names = names(home)
    for path in files_of(home):
        sound = path.read_bytes()
        path.unlink()
        assert len(sound_names - names(home)) <= 1
        path.mkdir()
        assert len(sound_names - names(home)) <= 1
        path.rmdir()
        path.write_bytes(sound)


def test_any_folder_that_may_not_be_looked_into(tmp_path: Path) -> None:
    home = home_with_every_store(tmp_path)
    sound_names = names(home)
    for folder in sorted({path.parent for path in files_of(home)} - {home}):
        with shut(folder):
            # In .config lie the settings of two programs.
            assert len(sound_names - names(home)) <= (2 if folder.name == ".config" else 1)


def test_a_home_that_may_not_be_looked_into_has_nothing(tmp_path: Path) -> None:
    home = home_with_every_store(tmp_path)
    with shut(home):
        assert names(home) == set()
