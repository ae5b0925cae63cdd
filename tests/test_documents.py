"""What README, CHANGELOG and docs promise is there: files, commands, options and counts."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from advisor.cli.options.parser import VERBS, build_parser
from advisor.export.choices import TARGETS
from advisor.library.stores import folders
from advisor.library.stores.known import STORES
from advisor.model.presets import load_presets

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/numbers.md",
    "docs/extending.md",
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^context-advisor (.*?)(?:  +#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    linked = {target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target}
    absent = [target for target in linked if not ((ROOT / document).parent / target).exists()]
    named = re.findall(r"`((?:advisor|ui|presets|tests|packaging|docs)/[\w/.-]*)`", text)
    absent += [path for path in named if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()]
    assert absent == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_understood(command: str) -> None:
    assert build_parser().parse_args(shlex.split(command)).verb == command.split(maxsplit=1)[0]


def test_the_readme_shows_every_verb() -> None:
    assert {command.split(maxsplit=1)[0] for command in COMMANDS} == set(VERBS)


def test_every_option_of_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = ""
    for verb in VERBS:
        with pytest.raises(SystemExit):
            build_parser().parse_args([verb, "--help"])
        known += capsys.readouterr().out
    section = README.partition("## The command line")[2].partition("## A GPU build")[0]
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section))
    assert {option for option in named if not re.search(rf"{option}\b", known)} == set()


def test_what_is_counted_is_right() -> None:
    assert f"one of {len(TARGETS)} programs" in README
    assert f"{len(load_presets())} known models" in README
    assert len(set(STORES) - {folders.STORE}) == 11
    assert "the models of eleven programs" in README
