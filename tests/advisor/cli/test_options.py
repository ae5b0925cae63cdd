"""The command line's words: what is refused, and what is said to help."""

from __future__ import annotations

import argparse
import re

import pytest

from advisor.cli.asked import said_request
from advisor.cli.option_types import memory_size, typed
from advisor.cli.options import VERBS, build_parser, parse
from advisor.errors import UsageError
from advisor.units import GiB, MiB


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        ("recomend x.gguf", 'There is no verb "recomend".', "Did you mean recommend?"),
        ("frobnicate", 'There is no verb "frobnicate".', "The verbs are inspect, plan,"),
        ("llama3.1:8b", 'There is no verb "llama3.1:8b".', "context-advisor recommend llama3.1:8b"),
        ("inspect", "MODEL is missing.", "See context-advisor inspect --help."),
        ("export x.gguf", "--to is missing.", "See context-advisor export --help."),
        ("-x", "VERB is missing.", "See context-advisor --help."),
        ("plan x.gguf --ctx-sz 8k", "--ctx-sz is not an option of plan.", "Did you mean --ctx-size?"),
        ("plan x.gguf --zzzzzz", "--zzzzzz is not an option of plan.", "See context-advisor plan --help."),
        ("plan my model.gguf", '"model.gguf" is one word too many.', "needs quotes"),
        ("--json plan x.gguf", "--json stands before the verb.", "Write it after plan."),
        ("plan x -ctk q3", '-ctk/--cache-type-k: "q3" is not one of f32, f16,', "plan --help"),
        ("plan x -np a", '-np/--parallel: "a" is not a whole number.', "plan --help"),
        ("plan x --rope-scale a", '--rope-scale: "a" is not a number.', "plan --help"),
        ("plan x -c", "-c/--ctx-size: what should stand after it is missing.", "plan --help"),
        ("plan x --vram 8", '--vram: "8" has no unit. Write it like 8GiB.', "plan --help"),
    ],
)
def test_what_is_not_understood(words: str, sentence: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words.split())
    assert caught.value.message.startswith(sentence)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("8GiB", 8 * GiB), ("0", 0), (str(GiB), GiB), (str(MiB), MiB), ("1b", 1)]
)
def test_sizes_of_a_memory(text: str, n_bytes: int) -> None:
    assert memory_size(text) == n_bytes


@pytest.mark.parametrize("text", ["8", " 24 ", "1048575"])
def test_a_size_without_its_unit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has no unit"):
        memory_size(text)
    with pytest.raises(argparse.ArgumentTypeError, match="GiB"):
        typed(memory_size)(text)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_its_options_in_80_columns(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        parse([verb, "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert out.startswith(f"usage: context-advisor {verb} ")
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_lists_every_verb_in_80_columns() -> None:
    text = build_parser().format_help()
    assert re.findall(r"^  ([a-z]+)  ", text, re.MULTILINE)[: len(VERBS)] == list(VERBS)
    assert max(map(len, text.splitlines())) <= 80


def test_a_switch_that_is_not_said_is_the_runtimes() -> None:
    assert said_request(parse(["plan", "x"])).kv_unified is None
    assert said_request(parse(["plan", "x", "-kvu"])).kv_unified is True
    assert said_request(parse(["plan", "x", "--no-kv-unified"])).kv_unified is False
    assert said_request(parse(["plan", "x", "-nkvo"])).offload_kqv is False
    assert said_request(parse(["plan", "x", "--swa-full"])).swa_full is True
