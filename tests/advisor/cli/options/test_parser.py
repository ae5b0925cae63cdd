"""The command line's words: what is refused, and what is said to help."""

from __future__ import annotations

import re

import pytest

from advisor.cli.options.parser import VERBS, build_parser, parse
from advisor.errors import UsageError


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
