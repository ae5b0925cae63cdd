import json
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.gguf_bytes import GgufBytes
from tests.support.shapes import write_shape


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    """Exit code and JSON document of one command."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def bad_files(directory: Path) -> dict[str, Path]:
    whole = GgufBytes(metadata={"general.architecture": "llama"}).build()
    made = {
        "empty.gguf": b"",
        "text.gguf": b"this is no model at all, only words",
        "cut.gguf": whole[: len(whole) // 2],
    }
    for name, data in made.items():
        (directory / name).write_bytes(data)
    (directory / "folder.gguf").mkdir()
    (directory / "part-00001-of-00002.gguf").write_bytes(whole)
    return {
        name: directory / name for name in (*made, "folder.gguf", "absent.gguf", "part-00001-of-00002.gguf")
    }


@pytest.mark.parametrize("verb", ["inspect", "plan", "recommend"])
def test_a_file_that_cannot_be_read_is_one_sentence_and_code_3(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, path in bad_files(tmp_path).items():
        assert main([verb, str(path)]) == 3, name
        captured = capsys.readouterr()
        assert captured.out == "", name
        sentence, hint = captured.err.splitlines()
        assert sentence.endswith("."), name
        assert hint.endswith("."), name


def test_an_error_with_json_is_a_document_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["inspect", str(tmp_path / "absent.gguf"), "--json"])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert code == 3
    assert document["schema_version"] == 1
    assert set(document["error"]) == {"code", "message", "hint"}
    assert document["error"]["code"] == "not-found"
    assert captured.err.splitlines() == [document["error"]["message"], document["error"]["hint"]]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["plan", "MODEL", "-c", "many"], "--ctx-size"),
        (["plan", "MODEL", "-c", "-5"], "--ctx-size"),
        (["plan", "MODEL", "-c", "0"], "--ctx-size"),
        (["plan", "MODEL", "-ctk", "q4_K"], "--cache-type-k"),
        (["plan", "MODEL", "-ctv", "q8_0", "-fa", "off"], "--cache-type-v"),
        (["plan", "MODEL", "-np", "300"], "--parallel"),
        (["plan", "MODEL", "-ub", "0"], "--ubatch-size"),
        (["plan", "MODEL", "-ngl", "many"], "--n-gpu-layers"),
        (["plan", "MODEL", "-ts", "a,b"], "--tensor-split"),
        (["plan", "MODEL", "-ot", "nonsense"], "--override-tensor"),
        (["plan", "MODEL", "--reserve", "lots"], "--reserve"),
        (["plan", "MODEL", "--gpu", "No Such Card"], "No Such Card"),
        (["plan", "MODEL", "--hardware", "absent.json"], "absent.json"),
        (["plan", "MODEL", "--hardware", "absent.json", "--ram", "8GiB"], "--hardware"),
        (["recommend", "MODEL", "--goal", "world peace"], "world peace"),
        (["plan"], "MODEL"),
        (["frobnicate", "MODEL"], "frobnicate"),
    ],
)
def test_what_cannot_be_asked_is_code_2_and_named(
    words: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    asked = [model if word == "MODEL" else word for word in words]
    assert main([*asked, *(["--basis", "formula"] if words[0] == "plan" and len(words) > 1 else [])]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err
    assert ".." not in captured.err


def test_what_cannot_be_opened_is_said_before_the_engine_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "preset:llama-3.1-8b", "--engine-lib", str(tmp_path / "absent")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main(["inspect", " "]) == 2
    assert "MODEL is empty" in capsys.readouterr().err


def test_inspect_says_what_the_file_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "inspect", str(write_shape("llama-3.2-1b", tmp_path)))
    assert code == 0
    model = document["model"]
    assert isinstance(model, dict)
    assert (model["architecture"], model["n_layer"], model["n_ctx_train"]) == ("llama", 16, 131072)
    assert model["kv_bytes_per_token"]["f16"] == 32 * 1024
    assert model["kv_bytes_per_token"]["q8_0"] == 32 * 1024 * 34 // 64


def test_plan_answers_by_formula_for_a_made_up_computer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    asked = ("plan", model, "--basis", "formula", "--ram", "16GiB", "-c", "8192")
    code, document = answer(capsys, *asked)
    assert (code, document["verdict"], document["basis"]) == (0, "fits", "formula")
    host = document["memory"][-1]
    parts = ("weights", "kv_cache", "recurrent_state", "compute", "output", "overhead")
    assert host["total_bytes"] == sum(host[f"{part}_bytes"] for part in parts)
    assert host["kv_cache_bytes"] == 8192 * 32 * 1024
    assert set(host["basis"]) == set(parts)
    assert host["basis"]["overhead"] == "assumed"
    code, document = answer(capsys, *asked, "--runtime", "ollama", "-np", "4")
    assert document["settings"]["n_ctx"] == 32768


def test_what_does_not_fit_is_an_answer_with_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("llama-3.1-8b", tmp_path))
    computer = ("--basis", "formula", "--ram", "8GiB")
    code, document = answer(capsys, "plan", model, "-c", "131072", *computer)
    assert (code, document["verdict"]) == (1, "does-not-fit")
    code, document = answer(capsys, "recommend", model, *computer, "--goal", "quality-first")
    chosen = document["recommended"]
    assert isinstance(chosen, dict)
    assert chosen["n_ctx"] == chosen["n_ctx_safe"]
    for row in document["alternatives"]:
        assert row["n_ctx_max"] % 256 == 0


def test_recommend_has_every_field_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    code, document = answer(
        capsys, "recommend", model, "--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB"
    )
    assert code == 0
    assert set(document) >= {
        "schema_version",
        "model",
        "hardware",
        "goal",
        "if_you_change_nothing",
        "recommended",
        "alternatives",
        "levers",
    }
    chosen = document["recommended"]
    assert isinstance(chosen, dict)
    assert set(chosen) >= {
        "n_ctx",
        "n_ctx_safe",
        "n_ctx_comfortable",
        "settings",
        "plan",
        "reasons",
        "speed",
    }
    assert {line["device"] for line in chosen["plan"]["memory"]} == {"CUDA0", "CPU"}
    types = {(row["cache_type_k"], row["cache_type_v"]) for row in document["alternatives"]}
    assert types >= {("f16", "f16"), ("q8_0", "q8_0"), ("q4_0", "q4_0")}


def test_devices_lists_the_ram_last(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "devices", "--basis", "formula")
    assert code == 0
    ram = document["devices"][-1]
    assert ram["kind"] == "cpu"
    assert 0 <= ram["usable_bytes"] <= ram["free_bytes"] <= ram["total_bytes"]


def test_verbose_says_who_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--verbose", "--basis", "formula", "--gpu", "RTX 4070", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.splitlines()[:2] == ["Engine: not asked.", "GeForce RTX 4070: read from assumed."]
    assert json.loads(captured.out)["schema_version"] == 1


def test_devices_of_one_computer_are_the_hardware_of_another_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = answer(capsys, "devices", "--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")
    (tmp_path / "other.json").write_text(json.dumps(document))
    model = str(write_shape("llama-3.2-1b", tmp_path))
    words = ("plan", model, "--basis", "formula", "-c", "4096")
    _, by_file = answer(capsys, *words, "--hardware", str(tmp_path / "other.json"))
    _, by_name = answer(capsys, *words, "--gpu", "RTX 4070", "--ram", "32GiB")
    assert by_file["memory"] == by_name["memory"]


def test_without_llama_cpp_python_it_is_code_4_if_the_engine_was_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    absent = ("--engine-python", str(tmp_path / "python"))
    assert main(["plan", model, "--basis", "engine", *absent]) == 4
    assert "could not be started" in capsys.readouterr().err
    code, document = answer(capsys, "plan", model, "-c", "4096", *absent)
    assert (code, document["basis"], document["engine"]) == (0, "formula", None)
    assert "engine-not-started" in [note["code"] for note in document["notes"]]


@pytest.mark.engine
def test_the_engine_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    code, document = answer(capsys, "recommend", model, "--basis", "engine")
    assert code == 0
    chosen = document["recommended"]
    assert isinstance(chosen, dict)
    assert chosen["plan"]["basis"] == "engine"
    assert chosen["plan"]["engine"]["name"] == "llama.cpp"
    assert not chosen["plan"]["formula"]["alarm"]


def test_names_in_a_file_are_never_markup_nor_terminal_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    with path.open("r+b") as file:
        start = file.read(4096).index(b"general.name")
        file.seek(start + len(b"general.name") + 4 + 8)  # past the value's type and length
        file.write(b"[red]\x1b]0;x\x07")
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "[red]" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "words", [["inspect"], ["plan", "--basis", "formula"], ["recommend", "--basis", "formula"]]
)
def test_what_a_document_does_not_need_is_not_loaded(words: list[str], tmp_path: Path) -> None:
    """Each is tens of milliseconds of every command: the window, the engine, tables, the network."""
    verb, *options = words
    asked = [verb, str(write_shape("llama-3.2-1b", tmp_path)), *options, "--json"]
    program = (
        f"import sys; from advisor.cli.main import main; main({asked!r}); "
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["schema_version"] == 1
    loaded = set(done.stderr.split())
    assert "advisor" in loaded
    assert not loaded & {"PySide6", "ui", "llama_cpp", "gguf", "numpy", "rich", "ssl", "http", "email"}


@pytest.mark.parametrize("command", ["main", "window"])
def test_without_the_desktop_part_it_says_so(command: str) -> None:
    program = f"import sys; sys.modules['PySide6'] = None; from advisor.cli.main import {command}; "
    root = Path(__file__).resolve().parents[3]
    words = [sys.executable, "-c", f"{program}sys.exit({command}([]))"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-2].startswith("The desktop part is not installed")
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-m", "advisor", "inspect", model]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
