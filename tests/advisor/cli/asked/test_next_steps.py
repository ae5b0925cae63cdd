"""The commands that come next: none that would be refused, and each with the words that were written."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from advisor.cli.asked.next_steps import next_steps
from advisor.cli.main import main
from advisor.cli.options.parser import parse
from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.result import Goal, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram
from tests.support.shapes import write_shape

CARD = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


def answer(usable: int = 16 * GiB) -> Recommendation:
    facts, hardware = a_model(), Hardware((ram(usable),))
    goal = Goal("chat", "Chat", "", 8192, 1, ("f16",))
    return advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))


def steps(*words: str, usable: int = 16 * GiB) -> dict[str, str]:
    return dict(next_steps(parse(["recommend", *words]), answer(usable)))


@pytest.mark.parametrize("word", ["a\nb.gguf", "a\x1b[2J.gguf", "a\udcff.gguf"])
def test_words_that_no_line_carries_are_not_shown(word: str) -> None:
    assert steps(word) == {}


def test_what_does_not_fit_is_neither_proved_nor_used() -> None:
    assert list(steps("m.gguf", usable=2 * GiB)) == ["see all of it", "what a word means"]


@pytest.mark.parametrize(
    "words",
    [
        ("preset:llama-3.1-8b",),
        ("https://example.org/m.gguf",),
        ("m.gguf", "--gpu", "RTX 4070"),
        ("m.gguf", "--vram", "8GiB"),
        ("m.gguf", "--ram", "8GiB"),
        ("m.gguf", "--hardware", "x.json"),
        ("m.gguf", "--basis", "formula"),
        ("m.gguf", "--pages", "3"),
        ("m.gguf", "--answer", "0"),
    ],
)
def test_only_a_file_on_this_computer_can_be_proved(words: tuple[str, ...]) -> None:
    assert "prove it" not in steps(*words)
    assert "use it" in steps(*words)


def test_a_goal_that_is_being_saved_is_no_word_of_other_verbs() -> None:
    assert list(steps("m.gguf", "--save-goal", "mine")) == ["what a word means"]


@pytest.mark.skipif(os.name == "nt", reason="quoting of sh; that of PowerShell has its own tests")
def test_they_are_the_words_that_were_written() -> None:
    found = steps("my model.gguf", "-ctk", "q8_0", "--quiet")
    assert found["prove it"] == "context-advisor probe 'my model.gguf' -ctk q8_0"
    assert found["use it"] == "context-advisor export 'my model.gguf' -ctk q8_0 --to llama-server"
    assert found["see all of it"] == "context-advisor recommend 'my model.gguf' -ctk q8_0 --verbose"
    assert "see all of it" not in steps("m.gguf", "--verbose")


@pytest.mark.skipif(os.name == "nt", reason="shlex splits as sh does")
def test_each_of_them_is_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("llama-3.2-1b", tmp_path))
    asked = [model, *CARD, "--goal", "coding", "--patience-speed", "3", "--pages", "2", "-np", "2"]
    assert main(["recommend", *asked]) == 0
    lines = capsys.readouterr().out.partition("What next")[2].splitlines()
    commands = [line.partition("context-advisor ")[2] for line in lines if "context-advisor " in line]
    assert [command.partition(" ")[0] for command in commands] == ["export", "recommend", "explain"]
    for command in commands:
        assert main(shlex.split(command)) == 0, command
