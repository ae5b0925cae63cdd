"""The goal and the patience that are said: what cannot be, then what they change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.asked.goal import goal_of, is_goal_said
from advisor.cli.main import main
from advisor.cli.options.parser import parse
from advisor.errors import PresetError, SettingsError
from advisor.presets import user_presets
from advisor.recommend.goals import goal_named
from advisor.recommend.result import Goal, Patience
from tests.support.shapes import write_shape

CARD = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


def of(*words: str) -> Goal:
    return goal_of(parse(["recommend", "m", *words]))


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("qwen3-8b", tmp_path))


def recommended(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main(["recommend", *words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("verb", ["recommend", "export", "probe"])
@pytest.mark.parametrize("option", ["--patience-seconds", "--patience-speed"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", "", "1e999"])
def test_a_patience_that_cannot_be(
    verb: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    to = ["--to", "ollama"] if verb == "export" else []
    assert main([verb, "m.gguf", *to, f"{option}={value}", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"].startswith(f'{option}: "{value}" is not a number above 0.')


@pytest.mark.parametrize("other", ["--patience-seconds", "--patience-speed"])
def test_no_patience_and_a_patience_contradict_each_other(other: str) -> None:
    with pytest.raises(SettingsError, match=other) as caught:
        of("--no-patience", other, "3")
    assert caught.value.option == "--no-patience"


def test_half_a_patience_is_not_enough_for_a_goal_without_one() -> None:
    path = user_presets() / "goals.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[any]\ntitle = "A"\ndescription = "A"\nusers = 1\ncache_types = ["f16"]\n')
    for option in ("--patience-seconds", "--patience-speed"):
        with pytest.raises(SettingsError, match='"any" has no patience') as caught:
            of("--goal", "any", option, "3")
        assert caught.value.option == option
    assert of("--goal", "any").patience is None
    assert of("--goal", "any", "--patience-seconds", "3", "--patience-speed", "2").patience == Patience(3, 2)


@pytest.mark.parametrize("words", [("--goal", "frob"), ("--goal", "frob", "--no-patience")])
def test_a_goal_that_does_not_exist(words: tuple[str, ...]) -> None:
    with pytest.raises(PresetError, match="frob"):
        of(*words)


def test_a_probe_is_refused_before_it_loads_anything(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--no-patience", "--patience-speed", "3", "--json")
    assert main(["probe", model, *words]) == 2
    assert "--no-patience" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_what_is_not_said_stays_the_goals() -> None:
    chat = goal_named("chat")
    assert of() == chat
    assert of("--patience-speed", "2.5").patience == Patience(30, 2.5)
    assert of("--patience-seconds", "3").patience == Patience(3, 5)
    assert of("--goal", "coding", "--patience-seconds", "3").patience == Patience(3, 10)
    assert of("--no-patience").patience is None
    said = of("--patience-seconds", "30").patience
    assert said == chat.patience
    assert said is not None
    assert said.is_said


def test_a_patience_alone_chooses_the_default_goal() -> None:
    assert not is_goal_said(parse(["recommend", "m"]))
    for words in (
        ["--goal", "chat"],
        ["--patience-seconds", "3"],
        ["--patience-speed", "3"],
        ["--no-patience"],
    ):
        assert is_goal_said(parse(["recommend", "m", *words]))


def test_less_patience_is_a_smaller_context_with_its_reason(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (model, *CARD, "--goal", "longest-context", "-ctk", "q8_0", "-ctv", "q8_0")
    patient = recommended(capsys, *asked, "--no-patience")
    hasty = recommended(capsys, *asked, "--patience-seconds", "2")
    assert patient["goal"]["patience"] is None
    assert patient["recommended"]["n_ctx_comfortable"] is None
    assert patient["recommended"]["n_ctx"] == patient["recommended"]["n_ctx_safe"]
    assert hasty["goal"]["patience"] == {
        "seconds_to_first_token": 2.0,
        "tokens_per_second": 1.0,
        "is_said": True,
    }
    assert hasty["recommended"]["n_ctx"] == hasty["recommended"]["n_ctx_comfortable"]
    assert hasty["recommended"]["n_ctx"] < patient["recommended"]["n_ctx"]
    reason = hasty["recommended"]["reasons"][0]
    assert (reason["code"], reason["values"]["seconds_to_first_token"]) == ("comfortable", 2.0)


def test_an_export_takes_it_and_a_context_that_is_named_stays(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hasty = ("--patience-seconds", "2")
    n_ctx = recommended(capsys, model, *CARD, *hasty)["recommended"]["n_ctx"]
    assert n_ctx < 16384
    export = ["export", model, *CARD, "--to", "llama-server", *hasty]
    assert main(export) == 0
    assert f"-c {n_ctx} " in " ".join(capsys.readouterr().out.split())
    assert main([*export, "-c", "12288"]) == 0
    assert "-c 12288 " in " ".join(capsys.readouterr().out.split())
    assert main([*export, "--from-probe"]) == 2


def test_it_is_kept_with_a_goal_of_ones_own(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--patience-seconds", "12.5", "--patience-speed", "3", "--save-goal", "hasty")
    assert main(["recommend", model, *CARD, *words]) == 0
    kept = goal_named("hasty").patience
    assert kept == Patience(12.5, 3)
    assert kept is not None
    assert not kept.is_said
