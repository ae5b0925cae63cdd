import json
from pathlib import Path

import pytest

from advisor.cli.asked.remembered import remember_runtime, remembered_runtime, settings_path
from advisor.cli.main import main
from advisor.recommend.goals import goal_named
from tests.support.shapes import write_shape

FAST = ("--basis", "formula", "--ram", "16GiB")


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("llama-3.2-1b", tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"runtime": 3}', b'{"runtime": "frob"}', b"[" * 5000, b" " * 100_000],
)
def test_a_file_that_says_nothing_is_as_if_it_were_not_there(content: bytes) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_bytes(content)
    assert remembered_runtime() is None
    assert remember_runtime("ollama")
    assert remembered_runtime() == "ollama"


def test_what_else_the_file_holds_stays() -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text('{"other": [1]}', encoding="utf-8")
    remember_runtime("lm-studio")
    assert json.loads(settings_path().read_text(encoding="utf-8")) == {"other": [1], "runtime": "lm-studio"}


def test_where_it_cannot_be_written_the_command_goes_on(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # A file where the folder should be: nobody can write there, whatever their rights.
    settings_path().parent.parent.mkdir(parents=True)
    settings_path().parent.write_text("", encoding="utf-8")
    assert remembered_runtime() is None
    assert not remember_runtime("ollama")
    assert main(["recommend", model, "--runtime", "ollama", *FAST]) == 0
    capsys.readouterr()


def runtime_of_plan(model: str, capsys: pytest.CaptureFixture[str]) -> str:
    main(["plan", model, "-c", "512", *FAST, "--json"])
    runtime: str = json.loads(capsys.readouterr().out)["settings"]["runtime"]
    return runtime


def test_the_runtime_that_was_named_last_holds_for_a_file_of_nobodys(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runtime_of_plan(model, capsys) == "llama-server"
    main(["plan", model, "-c", "512", "--runtime", "ollama", *FAST])
    capsys.readouterr()
    assert runtime_of_plan(model, capsys) == "llama-server"  # a plan only looks
    main(["recommend", model, *FAST])
    assert "By the rules of llama.cpp (llama-server)." in capsys.readouterr().out
    main(["recommend", model, "--runtime", "ollama", *FAST])
    assert "By the rules of Ollama, as you say" in capsys.readouterr().out
    assert runtime_of_plan(model, capsys) == "ollama"
    main(["recommend", model, *FAST])
    assert "which you named last" in capsys.readouterr().out
    main(["export", model, "--to", "llama-server", "--runtime", "llama-server", "-c", "512", *FAST])
    capsys.readouterr()
    assert runtime_of_plan(model, capsys) == "llama-server"


def test_a_file_of_lm_studios_keeps_its_own(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    remember_runtime("ollama")
    folder = Path.home() / ".lmstudio" / "models" / "me" / "repository"
    folder.mkdir(parents=True)
    Path(model).rename(folder / "x.gguf")
    main(["recommend", "me/repository/x.gguf", *FAST])
    assert "By the rules of LM Studio, whose file this is." in capsys.readouterr().out


def test_a_goal_of_ones_own_is_saved_and_served(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("recommend", model, "--save-goal", "team", "-c", "4096", "--users", "3", "-ctk", "q8_0", *FAST)
    assert main([*words, "--json"]) == 0
    captured = capsys.readouterr()
    assert "Saved as goal team" in captured.err
    assert json.loads(captured.out)["goal"]["name"] == "team"
    assert (goal_named("team").n_ctx, goal_named("team").users) == (4096, 3)
    assert main(["recommend", model, "--goal", "team", *FAST, "--json"]) == 0
    recommended = json.loads(capsys.readouterr().out)["recommended"]
    assert recommended["settings"]["n_seq_max"] == 3
    assert recommended["settings"]["cache_type_k"] == "q8_0"


def test_above_the_training_context_only_on_request(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    long = ("-c", "196608", *FAST)
    assert main(["recommend", model, *long]) == 2
    assert "--above-training" in capsys.readouterr().err
    main(["plan", model, *long, "--json"])
    assert "above-training-context" in {note["code"] for note in json.loads(capsys.readouterr().out)["notes"]}
    main(["plan", model, *long, "--above-training", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["settings"]["rope"]["scaling"] == "yarn"
    assert document["settings"]["rope"]["scale"] == 1.5
    codes = {note["code"] for note in document["notes"]}
    assert "stretched-positions" in codes
    assert "above-training-context" not in codes
    main(["export", model, "--to", "llama-server", *long, "--above-training"])
    line = capsys.readouterr().out
    assert "--rope-scaling yarn" in line
    assert "--yarn-orig-ctx 131072" in line


def test_a_device_that_is_not_there_is_named(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    card = ("--basis", "formula", "--vram", "8GiB", "-c", "4096")
    assert main(["plan", model, *card, "-dev", "CUDA5"]) == 2
    assert "--device" in capsys.readouterr().err
    main(["plan", model, *card, "-dev", "none", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert [line["device"] for line in document["memory"]] == ["CPU"]
    assert document["settings"]["devices"] == ["none"]
    main(["plan", model, *card, "--device", "0", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert len(document["memory"]) == 2
    assert document["settings"]["devices"] == [document["memory"][0]["device"]]
