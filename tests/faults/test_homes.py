"""A home that is not there or cannot be written to: every verb answers, or says why in a sentence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.cli.options.parser import VERBS
from advisor.cli.verbs import probe
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


@contextlib.contextmanager
def missing(model: str) -> Iterator[None]:
    """Folders below a file: not even root can make them."""
    nowhere = Path(model).with_name("a-file")
    nowhere.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        for variable, place in USER_DIRECTORIES.items():
            patch.setenv(variable, str(nowhere / "nobody" / place))
        assert not Path(os.environ["HOME"]).exists()
        yield


def test_every_verb_is_in_the_table() -> None:
    assert {words[0] for words, _ in COMMANDS.values()} == set(VERBS)


@pytest.mark.parametrize("fault", ["missing", *FAULTS])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_verb_answers_without_a_home(
    command: str, fault: str, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeProver(limit=8192)
    monkeypatch.setattr(probe, "Prover", lambda launch: fake)
    words, code = COMMANDS[command]
    # For the command alone: a full disk is the whole process's, and pytest's report may go to a file.
    with missing(model) if fault == "missing" else FAULTS[fault]():
        assert main([word.format(model=model) for word in words]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if code:
        sentence, hint = said.err.splitlines()[-2:]
        assert sentence.endswith(".")
        assert hint.endswith(".")
    else:
        assert said.out.strip() or said.err.startswith("Forgotten")
