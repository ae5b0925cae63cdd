import json
from pathlib import Path

import pytest

from advisor.cli.main import main
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
    assert document["goal"]["patience"] == {"seconds_to_first_token": 30.0, "tokens_per_second": 5.0}
    chosen = document["recommended"]
    assert chosen["n_ctx"] == min(16384, chosen["n_ctx_safe"], chosen["n_ctx_comfortable"])
    speed = chosen["speed"]
    assert speed["basis"] == "assumed"
    assert speed["prefill_tokens_per_second"] is None
    assert speed["time_to_first_token_s"] is None
    points, ranges = speed["decode_tokens_per_second"], speed["decode_tokens_per_second_range"]
    assert [point["depth"] for point in points] == [chosen["n_ctx"] * quarter // 4 for quarter in range(5)]
    assert [(p["depth"], p["value"]) for p in points] == [(r["depth"], r["low"]) for r in ranges]
    assert all(0 < r["low"] < r["high"] for r in ranges)


def test_the_text_has_one_line_of_speed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    text = said(capsys, model, *CARD)
    assert "tokens/s at the start" in text
    assert "when the context is full (assumed from memory bandwidth)" in text
    assert "each new token reads" in text


def test_an_unknown_speed_is_not_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_shape("qwen3-8b", tmp_path))
    text = said(capsys, model, "--basis", "formula", "--vram", "12GiB", "--ram", "32GiB")
    assert "safe up to" in text
    assert "tokens/s" not in text
