"""A home that is not there or cannot be written to: every verb answers, or says why in a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.cli import probe_verb
from advisor.cli.main import VERBS, main
from tests.conftest import USER_DIRECTORIES
from tests.support.broken_homes import FAULTS
from tests.support.fake_prover import FakeProver
from tests.support.small_models import small_llama

FAST = ("--basis", "formula", "--ram", "16GiB", "-c", "4096")
# Words of each verb, and the exit code where nothing can be kept: an answer that was not asked to be kept is
# an answer.
COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "inspect": (("inspect", "{model}"), 0),
    "plan": (("plan", "{model}", *FAST, "--runtime", "ollama"), 0),
    "recommend": (("recommend", "{model}", *FAST[:4]), 0),
    "recommend-and-keep": (("recommend", "{model}", *FAST[:4], "--save-goal", "mine"), 2),
    "probe": (("probe", "{model}", "-c", "512", "--max-seconds", "30"), 0),
    "export": (("export", "{model}", "--to", "ollama", *FAST), 0),
    "models": (("models", *FAST[:4]), 0),
    "devices": (("devices", *FAST[:4]), 0),
    "doctor": (("doctor", "--basis", "formula"), 0),
    "explain": (("explain", "kv-cache"), 0),
    "history": (("history",), 0),
    "history-clear": (("history", "--clear", "--yes"), 0),
}


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(small_llama(tmp_path / "model.gguf").path)


@pytest.fixture(params=["missing", *FAULTS])
def home(
    request: pytest.FixtureRequest, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The user's folders, in every way that they can be of no use; the model was there before."""
    if request.param != "missing":
        with FAULTS[request.param]():
            yield
        return
    # Below a file: not even root can make it.
    nowhere = tmp_path / "a-file"
    nowhere.write_text("")
    for variable, place in USER_DIRECTORIES.items():
        monkeypatch.setenv(variable, str(nowhere / "nobody" / place))
    assert not Path(os.environ["HOME"]).exists()
    yield


def test_every_verb_is_in_the_table() -> None:
    assert {words[0] for words, _ in COMMANDS.values()} == set(VERBS)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_verb_answers_without_a_home(
    command: str, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeProver(limit=8192)
    monkeypatch.setattr(probe_verb, "Prover", lambda launch: fake)
    words, code = COMMANDS[command]
    assert main([word.format(model=model) for word in words]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if code:
        sentence, hint = said.err.splitlines()[-2:]
        assert sentence.endswith(".")
        assert hint.endswith(".")
    else:
        assert said.out.strip() or said.err.startswith("Forgotten")
