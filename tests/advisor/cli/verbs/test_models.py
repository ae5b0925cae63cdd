from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.companion_files import projector
from tests.support.gguf_bytes import GgufBytes
from tests.support.model_stores import (
    add_blob,
    add_file,
    add_manifest,
    add_ollama_model,
    layer,
    manifest,
    model_bytes,
)
from tests.support.shapes import write_shape

LIBRARY = "registry.ollama.ai/library"
COMPUTER = ("--ram", "16GiB", "--gpu", "RTX 4070")


@pytest.fixture
def store() -> Path:
    """Where Ollama keeps the models of the test's user."""
    return Path.home() / ".ollama" / "models"


def add_llama(store: Path, tmp_path: Path, name: str = "llama3.2/1b") -> Path:
    """A model of a real one's shape in Ollama; its blob, which takes no room for its weights."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    add_manifest(store, f"{LIBRARY}/{name}", manifest(layer("model", f"sha256:{digest}")))
    blob = store / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    return write_shape("llama-3.2-1b", tmp_path).rename(blob)


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, object]]:
    code, document = answer(capsys, "models", *words, *COMPUTER)
    assert code == 0
    assert document["schema_version"] == 1
    return {entry["name"]: entry for entry in document["models"]}


def test_broken_models_are_listed_with_their_problem(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_manifest(store, f"{LIBRARY}/broken/latest", b"{")
    whole = model_bytes(tmp_path)
    add_ollama_model(store, f"{LIBRARY}/cut/latest", whole[: len(whole) // 2])
    add_ollama_model(store, f"{LIBRARY}/clip/latest", GgufBytes({"general.architecture": "clip"}).build())
    add_file(tmp_path, "own/text.gguf", b"only words, no model")
    entries = listed(capsys, str(tmp_path / "own"))
    assert set(entries) == {"broken:latest", "cut:latest", "clip:latest", str(tmp_path / "own/text.gguf")}
    for entry in entries.values():
        assert str(entry["problem"]).endswith(".")
        assert [entry[field] for field in ("n_ctx_max", "verdict", "basis")] == [None, None, None]


def test_what_cannot_be_looked_into_is_named_and_not_fatal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", str(tmp_path / "absent"), "--json"]) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["models"] == []
    assert [it["path"] for it in document["unreadable"]] == [str(tmp_path / "absent")]
    assert captured.err.strip() == document["unreadable"][0]["text"]


def test_side_files_in_a_folder_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own"
    for name, metadata in (
        ("ggml-vocab-x.gguf", {"general.architecture": "llama"}),
        ("words-only.gguf", {"general.architecture": "llama"}),
        ("adapter.gguf", {"general.architecture": "llama", "general.type": "adapter"}),
    ):
        add_file(own, name, GgufBytes(metadata).build())
    assert listed(capsys, str(own)) == {}


def test_the_engine_is_not_asked_for_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--basis", "engine"]) == 2
    assert "recommend MODEL" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_are_neither_markup_nor_terminal_commands_and_may_be_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    Path(os.fsdecode(bytes(folder) + b"/[red]\x1b]0;\xff.gguf")).write_bytes(b"no model")
    assert main(["models", str(folder)]) == 0
    shown = capsys.readouterr().out.replace("\n", "")
    assert "[red]" in shown
    assert "\x1b" not in shown
    code, document = answer(capsys, "models", str(folder))
    assert code == 0
    assert document["models"][0]["path"].endswith("\\xff.gguf")


def test_an_empty_computer_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "No models were found" in capsys.readouterr().out


def test_models_of_all_stores_with_what_fits(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = add_llama(store, tmp_path)
    repository = Path.home() / ".lmstudio/models/meta/llama-GGUF"
    repository.mkdir(parents=True)
    write_shape("llama-3.1-8b", repository)
    own = tmp_path / "own"
    own.mkdir()
    write_shape("llama-3.1-70b", own)
    entries = listed(capsys, str(own))
    small = entries["llama3.2:1b"]
    assert (small["store"], small["runtime"], small["path"]) == ("ollama", "ollama", str(blob))
    assert (small["architecture"], small["n_ctx_max"], small["verdict"]) == ("llama", 131072, "fits")
    assert (small["size_bytes"], small["basis"]) == (blob.stat().st_size, "formula")
    middle = entries["meta/llama-GGUF/llama-3.1-8b.gguf"]
    assert (middle["store"], middle["runtime"]) == ("lm-studio", "lm-studio")
    assert 0 < int(str(middle["n_ctx_max"])) < 131072
    large = entries[str(own / "llama-3.1-70b.gguf")]
    assert (large["store"], large["runtime"], large["n_ctx_max"]) == ("folder", None, 0)
    assert large["verdict"] != "fits"
    # The list and the plan of one model are one arithmetic.
    asked = ("plan", str(middle["path"]), "--basis", "formula", *COMPUTER)
    assert answer(capsys, *asked, "-c", str(middle["n_ctx_max"]))[1]["verdict"] == "fits"
    assert answer(capsys, *asked, "-c", str(int(str(middle["n_ctx_max"])) + 256))[1]["verdict"] != "fits"


def test_the_table_has_a_line_a_model(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_llama(store, tmp_path)
    add_manifest(store, f"{LIBRARY}/gone/latest", manifest(layer("model", "sha256:" + "a" * 64)))
    assert main(["models", *COMPUTER]) == 0
    shown = capsys.readouterr().out
    line = next(line for line in shown.splitlines() if line.startswith("llama3.2:1b"))
    assert [word in line for word in ("Ollama", "llama ", "131,072", "fits")] == [True] * 4
    assert "missing" in shown


@pytest.mark.parametrize("verb", ["inspect", "plan", "recommend"])
def test_an_unknown_name_is_code_3_with_the_nearest(
    verb: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_llama(store, tmp_path)
    code, document = answer(capsys, verb, "lama3.2:1b")
    assert code == 3
    assert document["error"]["code"] == "unknown-model"
    assert "llama3.2:1b" in document["error"]["hint"]


def test_an_ollama_name_is_planned_as_ollama_would_load_it(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = add_llama(store, tmp_path)
    words = ("--basis", "formula", "--ram", "16GiB", "-c", "4096")
    for model in ("llama3.2:1b", str(blob)):
        _, document = answer(capsys, "plan", model, *words)
        assert document["model"]["path"] == str(blob)
        assert document["settings"]["runtime"] == "ollama"
        _, document = answer(capsys, "recommend", model, *words)
        assert document["recommended"]["settings"]["runtime"] == "ollama"
    _, document = answer(capsys, "plan", "llama3.2:1b", *words, "--runtime", "llama-server")
    assert document["settings"]["runtime"] == "llama-server"


def test_a_file_in_lm_studios_folder_is_planned_as_lm_studio_would_load_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository = Path.home() / ".lmstudio/models/meta/llama-GGUF"
    repository.mkdir(parents=True)
    path = write_shape("llama-3.2-1b", repository)
    for model in (str(path), "meta/llama-GGUF/llama-3.2-1b.gguf"):
        _, document = answer(capsys, "plan", model, "--basis", "formula", "--ram", "16GiB", "-c", "4096")
        assert document["settings"]["runtime"] == "lm-studio"
        assert document["settings"]["n_seq_max"] == 4


def test_ollama_loads_a_models_projector_without_being_told(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = add_llama(store, tmp_path)
    words = ("-c", "4096", "--basis", "formula", "--ram", "16GiB")
    _, alone = answer(capsys, "plan", "llama3.2:1b", *words)
    digest = add_blob(store, projector().build())
    layers = layer("model", f"sha256:{blob.name.removeprefix('sha256-')}"), layer("projector", digest)
    add_manifest(store, f"{LIBRARY}/llama3.2/1b", manifest(*layers))
    _, both = answer(capsys, "plan", "llama3.2:1b", *words)
    assert alone["companions"] == []
    assert [entry["kind"] for entry in both["companions"]] == ["projector"] * 2
    # By its path it is a file like any other, and nothing says that a projector belongs to it.
    _, by_path = answer(capsys, "plan", str(blob), *words)
    assert by_path["companions"] == []


def head_of(path: Path) -> bytes:
    """The beginning of a sparse file that is as long as a model, with its header."""
    with path.open("rb") as file:
        return file.read(256 * 1024)


def add_llama_and_half(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    write_shape("llama-3.2-1b", tmp_path).rename(folder / "whole.gguf")
    add_file(folder, "half.gguf.part", b"GG")
    add_file(folder, "cut.gguf", head_of(folder / "whole.gguf"))
    add_file(folder, "adapter.gguf", GgufBytes({"general.type": "adapter"}).build())


def test_what_is_left_out_is_counted_and_named_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    add_llama_and_half(own, tmp_path)
    assert main(["models", str(own), *COMPUTER]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Left out: 2 unfinished downloads and 1 file without a model. Name them with --left-out." in shown
    assert "half.gguf.part" not in shown
    assert main(["models", str(own), *COMPUTER, "--left-out"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert "half.gguf.part" in shown
    assert "adapter.gguf" in shown
    _, document = answer(capsys, "models", str(own), *COMPUTER)
    assert sorted(it["kind"] for it in document["left_out"]) == ["no-model", "partial", "partial"]


def test_json_lines_say_each_thing_as_it_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own"
    add_llama_and_half(own, tmp_path)
    assert main(["models", str(own), str(tmp_path / "absent"), *COMPUTER, "--json-lines"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line.pop("schema_version") for line in lines} == {1}
    assert [next(iter(line)) for line in lines] == [
        "unreadable",
        "left_out",
        "left_out",
        "left_out",
        "model",
        "end",
    ]
    whole = next(line["model"] for line in lines if "model" in line)
    _, document = answer(capsys, "models", str(own), *COMPUTER)
    assert document["models"] == [whole]
    assert lines[-1] == {"end": {"n_models": 1}}


def test_every_store_is_in_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = write_shape("llama-3.2-1b", tmp_path)
    home = Path.home()
    for number, name in enumerate(
        (
            ".cache/llama.cpp/a.gguf",
            ".cache/huggingface/hub/models--me--b/snapshots/abc/b.gguf",
            ".local/share/nomic.ai/GPT4All/c.gguf",
            "text-generation-webui/user_data/models/d.gguf",
            ".localai/models/e.gguf",
            "models/f.gguf",
        )
    ):
        path = add_file(home, name, head_of(whole))
        os.truncate(path, whole.stat().st_size + number)
    entries = listed(capsys)
    assert {(entry["store"], entry["architecture"]) for entry in entries.values()} == {
        (store, "llama")
        for store in ("llama.cpp", "hugging-face", "gpt4all", "text-generation-webui", "localai", "folder")
    }
    assert main(["models", *COMPUTER]) == 0
    shown = capsys.readouterr().out
    assert "Hugging" in shown
    assert "Q4_K_M" in shown
