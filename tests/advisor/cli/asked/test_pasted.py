import io
import json
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.shapes import write_shape

FAST = ("--basis", "formula", "--ram", "16GiB")


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("llama-3.2-1b", tmp_path))


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["plan", *words, *FAST, "--json"])
    return code, json.loads(capsys.readouterr().out)


def pasted_file(tmp_path: Path, text: str, name: str = "pasted.txt") -> str:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_command_is_judged_with_its_own_model(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pasted_file(tmp_path, f"llama-server -m '{model}' -c 8192 -ctk q8_0 -ctv q8_0 --frobnicate 1")
    code, document = judged(capsys, "--pasted", file)
    assert code == 0
    assert document["settings"]["n_ctx"] == 8192
    assert (document["settings"]["n_seq_max"], document["settings"]["kv_unified"]) == (4, True)
    assert document["settings"]["cache_type_k"] == "q8_0"
    pasted = document["pasted"]
    assert (pasted["format"], pasted["model"], pasted["unknown"]) == ("llama-server", model, ["--frobnicate"])
    assert "four-slots" in {note["code"] for note in pasted["notes"]}


def test_from_stdin_and_what_the_command_line_says_wins(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"llama-server -m /absent.gguf -c 8192 -np 2"))
    monkeypatch.setattr("sys.stdin", stdin)
    code, document = judged(capsys, model, "--pasted", "-", "-c", "4096")
    assert (code, document["settings"]["n_ctx"], document["settings"]["n_seq_max"]) == (0, 4096, 2)


def test_without_a_context_the_program_would_choose_it(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = pasted_file(tmp_path, f"llama-server -m '{model}'")
    _, document = judged(capsys, "--pasted", server)
    # 16 GiB of RAM hold all that it was trained for, and fit leaves it so.
    assert document["settings"]["n_ctx"] == 131072
    assert "context-by-runtime" in {note["code"] for note in document["pasted"]["notes"]}
    modelfile = pasted_file(tmp_path, f"FROM {model}\n")
    _, document = judged(capsys, "--pasted", modelfile)
    assert (document["settings"]["runtime"], document["settings"]["n_ctx"]) == ("ollama", 4096)


def test_layers_that_its_program_would_move_are_moved(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"llama-server -m '{model}' -c 65536 -np 1"
    card = ("--vram", "3GiB")
    code, document = judged(capsys, "--pasted", pasted_file(tmp_path, text), *card)
    assert 0 < document["settings"]["n_gpu_layers"] < 17
    assert "layers-by-runtime" in {note["code"] for note in document["pasted"]["notes"]}
    assert code == 0
    code, document = judged(capsys, "--pasted", pasted_file(tmp_path, f"{text} -ngl 99"), *card)
    assert (code, document["settings"]["n_gpu_layers"]) == (1, 17)


def test_a_modelfiles_path_is_relative_to_it(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pasted_file(tmp_path, f"FROM ./{Path(model).name}\nPARAMETER num_ctx 2048\n", "Modelfile")
    _, document = judged(capsys, "--pasted", file)
    assert document["settings"]["n_ctx"] == 2048


def test_lm_studios_file_is_called_like_its_model(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    studio = Path.home() / ".lmstudio"
    folder = studio / "models" / "me" / "repository"
    folder.mkdir(parents=True)
    Path(model).rename(folder / "x.gguf")
    place = studio / ".internal" / "user-concrete-model-default-config" / "me" / "repository"
    fields = [
        {"key": "llm.load.llama.autoFit", "value": False},
        {"key": "llm.load.contextLength", "value": 4096},
        {"key": "llm.load.llama.acceleration.offloadRatio", "value": 0.5},
    ]
    file = pasted_file(place, json.dumps({"load": {"fields": fields}}), "x.gguf.json")
    _, document = judged(capsys, "--pasted", file, "--vram", "8GiB")
    settings = document["settings"]
    assert (settings["runtime"], settings["n_ctx"], settings["n_gpu_layers"]) == ("lm-studio", 4096, 8)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hello", "No command"),
        ("llama-server -c 512", "names no model"),
        ("llama-server -m hf:me/repository/x.gguf", "not on this computer"),
        ("llama-server -m https://example.org/x.gguf", "not on this computer"),
        ("\0\0\0", "No command"),
        ("llama-server -m x.gguf -c 8k", "-c"),
    ],
)
def test_what_cannot_be_judged_is_said(
    text: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--pasted", pasted_file(tmp_path, text), *FAST]) == 2
    assert named in capsys.readouterr().err


def test_a_file_that_is_absent_too_large_or_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large, binary = tmp_path / "large", tmp_path / "binary"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    binary.write_bytes(b"\x80\x81\x82")
    for path, words in ((tmp_path / "absent", "cannot be read"), (large, "1 MiB"), (binary, "no text")):
        assert main(["plan", "--pasted", str(path), *FAST]) == 2
        assert words in capsys.readouterr().err


def test_windows_powershell_writes_utf_16(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pasted.txt"
    file.write_bytes(f"llama-server -m '{model}' -c 512".encode("utf-16"))
    _, document = judged(capsys, "--pasted", str(file))
    assert document["settings"]["n_ctx"] == 512


def test_people_are_told_what_was_read(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pasted_file(tmp_path, f"llama-server -m '{model}' -c 512 --zap")
    assert main(["plan", "--pasted", file, *FAST]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Read as a command of llama.cpp." in text
    assert "left out of the figures: --zap." in text
