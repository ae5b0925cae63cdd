import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.cli.main import main
from advisor.cli.text.speed import speed_lines
from advisor.recommend.result import DecodeSpeed, Speed
from tests.support.shapes import write_shape

CARD = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(["recommend", *words])
    return " ".join(capsys.readouterr().out.split())


def test_the_document_has_the_cautious_figure_and_the_range(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    document = json.loads(said(capsys, model, *CARD, "--json"))
    assert document["goal"]["patience"] == {
        "seconds_to_first_token": 30.0,
        "tokens_per_second": 5.0,
        "is_said": False,
    }
    chosen = document["recommended"]
    assert chosen["n_ctx"] == min(16384, chosen["n_ctx_safe"], chosen["n_ctx_comfortable"])
    speed = chosen["speed"]
    assert speed["basis"] == "assumed"
    reading, first = speed["prefill_tokens_per_second_range"], speed["time_to_first_token_s_range"]
    assert (speed["prefill_tokens_per_second"], speed["time_to_first_token_s"]) == (
        reading["low"],
        first["high"],
    )
    assert 0 < reading["low"] < reading["high"]
    assert first["low"] == pytest.approx(chosen["n_ctx"] / reading["high"], rel=0.01)
    assert first["high"] == pytest.approx(chosen["n_ctx"] / reading["low"], rel=0.01)
    prompts = speed["first_token_s"]
    assert [point["prompt_tokens"] for point in prompts] == [1024, 4096, chosen["n_ctx"]]
    assert {"low": prompts[-1]["low"], "high": prompts[-1]["high"]} == first
    assert all(0 <= point["low"] <= point["high"] for point in prompts)
    points, ranges = speed["decode_tokens_per_second"], speed["decode_tokens_per_second_range"]
    assert [point["depth"] for point in points] == [chosen["n_ctx"] * quarter // 4 for quarter in range(5)]
    assert [(p["depth"], p["value"]) for p in points] == [(r["depth"], r["low"]) for r in ranges]
    assert all(0 < r["low"] < r["high"] for r in ranges)


def test_writing_and_reading_have_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    text = said(capsys, model, *CARD)
    assert re.search(r" writes \d+ to \d+ tokens/s, \d+ to \d+ when the context is full \(assumed\) ", text)
    span = r"[\d.]+ s to [\d.]+ s"
    assert re.search(
        rf" reads a prompt of 1,024 tokens in {span}, a full context in {span} \(assumed\) ", text
    )
    assert "each new token reads" not in text


def test_in_full_it_is_said_what_is_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    text = said(capsys, model, *CARD, "--verbose")
    assert "when the context is full (assumed from memory bandwidth)" in text
    assert "s (assumed from published runs)" in text
    assert "each new token reads" in text


def test_a_processor_that_is_not_known_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    computer = ("--basis", "formula", "-ngl", "0", "--ram", "64GiB", "--gpu", "RTX 4070")
    text = said(capsys, model, *computer, "--verbose")
    assert "(assumed from published runs on slow and on fast processors)" in text


def test_a_gpu_of_which_nothing_was_published_has_no_first_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    document = json.loads(
        said(capsys, model, "--basis", "formula", "--gpu", "RX 7800 XT", "--ram", "32GiB", "--json")
    )
    speed = document["recommended"]["speed"]
    assert speed["decode_tokens_per_second_range"]
    for key in ("prefill_tokens_per_second", "time_to_first_token_s"):
        assert speed[key] is None
        assert speed[f"{key}_range"] is None


def test_an_unknown_speed_is_not_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    text = said(capsys, model, "--basis", "formula", "--vram", "12GiB", "--ram", "32GiB")
    assert "safe up to" in text
    assert "tokens/s" not in text


def test_a_speed_that_does_not_fall_is_said_once() -> None:
    points = (DecodeSpeed(0, 50.2, 80), DecodeSpeed(4096, 49.9, 79.9))
    speed = Speed(None, points, None, Basis.MEASURED)
    assert speed_lines(speed, in_full=False) == ("writes 50 to 80 tokens/s (measured on this machine)",)
    assert speed_lines(replace(speed, decode=()), in_full=True) == ()
