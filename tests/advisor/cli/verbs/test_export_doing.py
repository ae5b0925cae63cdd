"""export --apply, --run and --check on the command line."""

import json
import os
import sys
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.answering_server import answering
from tests.support.shapes import write_shape

COMPUTER = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("llama-3.1-8b", tmp_path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["--to", "ollama", "--yes"], 2, "--apply"),
        (["--to", "ollama", "--run"], 2, "--apply"),
        (["--to", "jan", "--apply", "--yes"], 2, "in place"),
        (["--to", "lm-studio", "--apply", "--yes"], 2, "models folder"),
        (["--to", "ollama", "--apply"], 2, "Nothing was changed"),  # nobody is there to say yes
        (["--to", "jan", "--check"], 2, "cannot be asked"),
        (["--to", "ollama", "--check", "http://example.org"], 2, "this computer"),
        (["--to", "ollama", "--check", "http://127.0.0.1:9"], 1, "could not be found out"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    words: list[str], code: int, named: str, model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", model, "-c", "4096", *words, *COMPUTER]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err
    assert not list(folder.iterdir())


def test_settings_that_do_not_run_here_are_not_applied(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", model, "--to", "ollama", "-c", "100000", "-ngl", "all", "--apply", "--yes", "--quiet"]
    small = ("--basis", "formula", "--vram", "2GiB", "--ram", "4GiB")
    assert main([*words, *small]) == 2
    assert "do not run here" in capsys.readouterr().err
    assert not list(folder.iterdir())
    assert main([*words, *small, "--force"]) == 1
    assert [file.name for file in folder.iterdir()] == ["Modelfile"]


def test_a_modelfile_is_written_and_what_was_there_kept(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Modelfile").write_text(f"FROM {model}\nSYSTEM Be brief.\nPARAMETER num_ctx 1\n")
    assert main(["export", model, "--to", "ollama", "-c", "4096", "--apply", "--yes", *COMPUTER]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "-PARAMETER num_ctx 1\n" in captured.err
    assert "Written: Modelfile" in captured.err
    (backup,) = folder.glob("Modelfile.bak-*")
    assert "num_ctx 1\n" in backup.read_text()
    text = (folder / "Modelfile").read_text()
    assert "SYSTEM Be brief.\n" in text
    assert "PARAMETER num_ctx 4096\n" in text
    assert main(["export", model, "--to", "ollama", "-c", "4096", "--apply", *COMPUTER]) == 0
    assert "says this already" in capsys.readouterr().err


def test_the_document_says_what_was_done(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", model, "--to", "ollama", "-c", "4096", "--apply", "--yes", "--json"]
    assert main([*words, "-o", str(folder), *COMPUTER]) == 0
    done = json.loads(capsys.readouterr().out)["applied"]
    assert done["path"] == str(folder / "Modelfile")
    assert (done["backup"], done["ran"]) == (None, [])
    assert "+PARAMETER num_ctx 4096" in done["difference"]


def in_memory(**paths: str) -> dict[str, bytes]:
    """Ollama with models of these names in memory, each of the file at its path."""
    size = {"size": 6 * 2**30, "size_vram": 6 * 2**30, "context_length": 2048}
    answers = {"/api/ps": json.dumps({"models": [{"name": name, **size} for name in paths]}).encode()}
    for name, path in paths.items():
        shown = json.dumps({"modelfile": f"FROM {path}\n"})
        answers[f'/api/show {{"model": "{name}"}}'] = shown.encode()
    return answers


def test_of_several_loaded_models_the_one_of_this_file_is_compared(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", model, "--to", "ollama", "-c", "4096", "--quiet", *COMPUTER]
    with answering(in_memory(other="/m/other.gguf", mine=model)) as (address, _):
        assert main([*words, "--check", address]) == 0
        told = capsys.readouterr().err
        assert main([*words, "--check", address, "--json"]) == 0
    assert "mine has 2,048 tokens of context instead of 4,096" in told
    assert "other has" not in told
    assert "Also loaded: other, which takes 6.0 GiB, 6.0 GiB of it on the GPU." in told
    first, second = json.loads(capsys.readouterr().out)["loaded"]
    assert (first["name"], first["is_this_model"], len(first["differences"])) == ("mine", True, 1)
    assert (second["name"], second["is_this_model"], second["differences"]) == ("other", False, [])


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (in_memory(), "Nothing is loaded there now."),
        (in_memory(other="/m/other.gguf"), "This model is not loaded there now."),
        (in_memory(mine="/in/a/container/llama-3.1-8b.gguf"), "is the same file is not told there."),
    ],
)
def test_what_is_not_there_and_what_is_not_told_is_said(
    answers: dict[str, bytes], told: str, model: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(answers) as (address, _):
        words = ["export", model, "--to", "ollama", "-c", "2048", "--check", address, "--quiet"]
        assert main([*words, *COMPUTER]) == 0
    assert told in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="the program of this test is a script with a #! line")
def test_a_program_runs_only_when_asked(
    model: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = folder / "ollama"
    program.write_text(f"#!{sys.executable}\nprint('created')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    words = ["export", model, "--to", "ollama", "-c", "4096", "--apply", "--yes", "--json", *COMPUTER]
    assert main(words) == 0
    assert "created" not in capfd.readouterr().err
    assert main([*words, "--run"]) == 0
    captured = capfd.readouterr()
    assert "created" in captured.err
    assert json.loads(captured.out)["applied"]["ran"][0][:2] == ["ollama", "create"]


def test_a_settings_file_of_llama_cpp_is_warned_about(
    model: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "llama.cpp").mkdir()
    (folder / "llama.cpp" / "config.ini").write_text("fa = off\n")
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(folder))
    assert main(["export", model, "--to", "llama-swap", "-c", "4096", *COMPUTER]) == 0
    assert str(folder / "llama.cpp" / "config.ini") in capsys.readouterr().err
