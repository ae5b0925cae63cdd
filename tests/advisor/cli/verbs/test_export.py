import json
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.export.choices import TARGETS
from tests.support.companion_files import projector
from tests.support.model_stores import add_ollama_model, model_bytes
from tests.support.shapes import write_shape

COMPUTER = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("llama-3.1-8b", tmp_path))


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    code = main(["export", *words, *COMPUTER, "--json"])
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    assert code == 0, document
    return document


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["absent.gguf", "--to", "ollama"], 3, "absent.gguf"),
        (["MODEL"], 2, "--to"),
        (["MODEL", "--to", "sglang"], 2, "sglang"),
        (["MODEL", "--to", "ollama", "--runtime", "lm-studio"], 2, "contradict"),
        (["MODEL", "--to", "ollama", "--flavour", "loose"], 2, "--flavour"),
        (["MODEL", "--to", "ollama", "--shell", "fish"], 2, "--shell"),
        (["MODEL", "--to", "ollama", "--goal", "world peace"], 2, "world peace"),
        (["MODEL", "--to", "ollama", "-c", "many"], 2, "--ctx-size"),
        (["MODEL", "--to", "lm-studio", "-c", "4096", "-ctk", "bf16"], 2, "bf16"),
        (["MODEL", "--to", "llama-server", "-c", "4096", "-ot", "a=b=CPU"], 2, "--override-tensor"),
        (["MODEL", "--to", "ollama", "-c", "4096", "--name", "two\nlines"], 2, "control character"),
        (["MODEL", "--to", "ollama", "-c", "4096", "-o", "absent/Modelfile"], 1, "could not be written"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_code(
    words: list[str], code: int, named: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [model if word == "MODEL" else word for word in words]
    assert main(["export", *asked, *COMPUTER]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err


def test_a_file_that_is_there_is_kept_unless_told_otherwise(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "Modelfile"
    words = ["export", model, "--to", "ollama", "-c", "4096", "-o", str(place), *COMPUTER]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"Written: {place}" in captured.err
    first = place.read_text()
    assert "PARAMETER num_ctx 4096\n" in first
    assert main([*words, "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "already-there"
    place.write_text("old")
    assert main([*words, "--force"]) == 0
    assert place.read_text() == first


@pytest.mark.parametrize("runtime", TARGETS)
def test_the_document_of_the_contract(runtime: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = answer(capsys, model, "--to", runtime, "-c", "4096")
    assert list(document) == [
        "schema_version",
        "runtime",
        "files",
        "commands",
        "environment",
        "cannot_express",
        "verified_with",
    ]
    assert (document["schema_version"], document["runtime"]) == (1, runtime)
    files, commands, cannot = document["files"], document["commands"], document["cannot_express"]
    assert isinstance(files, list)
    assert isinstance(commands, list)
    assert isinstance(cannot, list)
    assert all(set(file) == {"name", "text"} for file in files)
    assert all(isinstance(command, str) for command in commands)
    assert all(set(it) == {"setting", "why"} for it in cannot)


def test_without_a_context_it_is_the_recommended_one(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", model, "--runtime", "llama-server", *COMPUTER, "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["recommended"]["settings"]
    environment = answer(capsys, model, "--to", "llama-server")["environment"]
    assert isinstance(environment, dict)
    assert environment["LLAMA_ARG_CTX_SIZE"] == str(settings["n_ctx"])
    assert environment["LLAMA_ARG_N_GPU_LAYERS"] == str(settings["n_gpu_layers"])
    assert environment["LLAMA_ARG_CACHE_TYPE_K"] == settings["cache_type_k"]


def test_a_goal_changes_what_is_recommended(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    chat = answer(capsys, model, "--to", "llama-server")["commands"]
    longest = answer(capsys, model, "--to", "llama-server", "--goal", "longest-context")["commands"]
    assert chat != longest


def test_ollama_cannot_tell_k_from_v_and_the_plan_is_of_what_it_can(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (model, "--to", "ollama", "-c", "8192", "-ctk", "q8_0", "-ctv", "q4_0", "-np", "2")
    document = answer(capsys, *words)
    assert document["environment"] == {
        "OLLAMA_KV_CACHE_TYPE": "q4_0",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_NUM_PARALLEL": "2",
    }
    assert [it["setting"] for it in document["cannot_express"]] == ["--cache-type-k, --cache-type-v"]
    text = document["files"][0]["text"]
    assert "PARAMETER num_ctx 8192\n" in text  # of one slot


def test_adjustable_leaves_our_reserve_free(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = (model, "--to", "llama-server", "-c", "8192", "--flavour", "adjustable", "--reserve", "700MiB")
    commands = answer(capsys, *words)["commands"]
    assert "-fitt 700 " in commands[0]
    assert "-ngl" not in commands[0]


def test_a_projector_that_was_counted_is_exported(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = projector().write(tmp_path / "mmproj.gguf")
    commands = answer(capsys, model, "--to", "llama-server", "-c", "4096", "--mmproj", str(beside))[
        "commands"
    ]
    assert commands[0].endswith(f"--mmproj {beside}")


def test_the_text_is_on_stdout_and_the_talk_is_not(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", model, "--to", "llama-server", "-c", "4096", "--shell", "sh", *COMPUTER]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("#!/bin/sh\n")
    assert captured.out.count("\n") == 3
    assert "Checked with" in captured.err
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_what_the_text_leaves_out_is_named_with_how_to_get_it(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", model, "--to", "ollama", "-c", "4096", "-ctk", "q8_0", "-ctv", "q8_0", *COMPUTER]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "There is also options.json, override.conf: -o and a folder" in told
    assert "--json lists the variables" in told
    assert main([*words, "-o", str(tmp_path)]) == 0
    assert "There is also" not in capsys.readouterr().err
    assert (tmp_path / "override.conf").is_file()
    assert main([*words, "-o", str(tmp_path / "alone")]) == 0
    assert "There is also options.json" in capsys.readouterr().err


def test_what_does_not_fit_is_exported_with_a_warning_and_code_1(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--basis", "formula", "--ram", "8GiB")
    assert main(["export", model, "--to", "ollama", "-c", "131072", *small]) == 1
    captured = capsys.readouterr()
    assert "PARAMETER num_ctx 131072" in captured.out
    assert "does-not-fit" in captured.err


def test_a_preset_is_exported_with_a_name_in_place_of_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "preset:llama-3.1-8b", "--to", "ollama", "-c", "4096", *COMPUTER]) == 0
    captured = capsys.readouterr()
    assert "FROM llama-3.1-8b-Q4_K_M.gguf\n" in captured.out
    assert "A preset has no file" in captured.err


def test_a_model_of_ollama_is_named_there_and_a_file_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Path.home() / ".ollama" / "models"
    blob = add_ollama_model(store, "registry.ollama.ai/library/tiny/latest", model_bytes(tmp_path))
    text = answer(capsys, "tiny:latest", "--to", "ollama", "-c", "1024")["files"][0]["text"]
    assert "FROM tiny:latest\n" in text
    environment = answer(capsys, "tiny:latest", "--to", "llama-server", "-c", "1024")["environment"]
    assert isinstance(environment, dict)
    assert environment["LLAMA_ARG_MODEL"] == str(blob)


def test_what_lies_beside_the_model_gets_its_whole_path_and_a_preset_has_none(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = projector().write(tmp_path / "mmproj.gguf")
    monkeypatch.chdir(tmp_path)
    words = ("--to", "llama-server", "-c", "4096", "--mmproj", beside.name, "-md", "preset:llama-3.2-1b")
    document = answer(capsys, model, *words)
    commands, cannot = document["commands"], document["cannot_express"]
    assert commands[0].endswith(f"--mmproj {beside}")
    assert [it["setting"] for it in cannot] == ["--model-draft"]
