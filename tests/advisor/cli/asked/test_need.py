import json
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.main import main
from advisor.cli.options.parser import build_parser
from tests.support.gemma import real_gemma
from tests.support.shapes import write_shape

Part = dict[str, Any]

CARD = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("qwen3-8b", tmp_path))


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "Grüße.txt"
    path.write_text("Some words, and more of them. " * 1000, encoding="utf-8")
    return str(path)


def recommended(
    capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, object], dict[str, object]]:
    """Exit code, what is recommended, and the need."""
    code = main(["recommend", *words, "--json"])
    document = json.loads(capsys.readouterr().out)
    return code, document["recommended"], document.get("need")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--prompt", "absent.txt"), "prompt-unreadable"),
        (("--system", "absent.txt"), "prompt-unreadable"),
        (("--pages", "10000000000000"), "bad-setting"),
        (("--chars", "9" * 15), "bad-setting"),
        (("--chars", "9" * 400), "usage"),
        (("--answer", "many"), "usage"),
        (("--system", "9" * 20), "bad-setting"),
    ],
)
def test_what_cannot_be_is_refused(
    model: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    assert main(["recommend", model, *CARD, *words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_without_a_need_there_is_none(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, chosen, need = recommended(capsys, model, *CARD)
    assert (code, need) == (0, None)
    assert str(chosen["n_ctx_in_words"]).startswith("about ")


def test_the_need_is_what_is_recommended(model: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "--prompt",
        text,
        "--prompt",
        text,
        "--system",
        "1k",
        "--answer",
        "2k",
        "--pages",
        "3",
        "--chars",
        "70",
    )
    code, chosen, need = recommended(capsys, model, *CARD, *words)
    assert code == 0
    parts = need["prompt"]
    assert [part["name"] for part in parts] == ["Grüße.txt", "Grüße.txt", "pages", "characters"]
    assert {part["basis"] for part in parts} == {"assumed"}
    assert [part["tokens"] for part in parts[2:]] == [1500, 21]
    assert need["system"] == {"name": "system prompt", "tokens": 1024, "basis": None, "notes": []}
    assert need["answer_tokens"] == 2048
    of_parts = sum(part["tokens"] for part in parts)
    assert need["prompt_tokens"] == of_parts + 1024 + need["template_tokens"]
    assert need["total_tokens"] == need["prompt_tokens"] + 2048
    assert chosen["n_ctx"] == need["n_ctx"] == need["n_ctx_recommended"]
    assert (need["fits"], need["short_by_tokens"], need["basis"]) == (True, 0, "assumed")


def test_a_context_that_was_named_is_kept_and_judged(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, chosen, need = recommended(capsys, model, *CARD, "--chars", "100k", "-c", "4096")
    assert (code, chosen["n_ctx"]) == (1, 4096)
    assert (need["fits"], need["short_by_tokens"], need["verdict"]["code"]) == (False, 0, "need-needs-more")


def test_what_is_too_long_says_by_how_much_and_to_send_less(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, chosen, need = recommended(capsys, model, *CARD, "--pages", "1000")
    assert code == 1
    assert need["short_by_tokens"] == need["total_tokens"] - max(chosen["n_ctx"], chosen["n_ctx_safe"])
    assert need["levers"][-1]["code"] == "send-less"
    main(["recommend", model, *CARD, "--pages", "1000"])
    out = " ".join(capsys.readouterr().out.split())
    assert "tokens too long" in out
    assert "estimated" in out
    assert "retrieval" in out


def test_the_headline_is_also_said_in_words_and_pages(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["recommend", model, *CARD, "-c", "8192"])
    assert "about 6,140 words or 20 pages" in capsys.readouterr().out


def test_export_takes_the_need_for_its_context(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", model, *CARD, "--to", "ollama", "--chars", "30000", "--answer", "256"]) == 0
    captured = capsys.readouterr()
    assert "PARAMETER num_ctx 9472" in captured.out
    assert "it fits" in captured.err


def test_export_and_recommend_have_the_same_words() -> None:
    words = ["--prompt", "a", "--pages", "1", "--chars", "2", "--system", "b", "--answer", "3"]
    for verb in (["recommend", "m"], ["export", "m", "--to", "ollama"]):
        parsed = build_parser().parse_args([*verb, *words])
        assert (parsed.prompt, parsed.pages, parsed.chars, parsed.system, parsed.answer) == (
            ["a"],
            1,
            2,
            "b",
            3,
        )


@pytest.mark.engine
def test_a_real_model_counts_by_its_own_vocabulary(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with real_gemma() as model:
        code, chosen, need = recommended(capsys, str(model), "--prompt", text, "--basis", "engine")
        assert code == 0
        (part,) = need["prompt"]
        assert (part["basis"], part["notes"], need["basis"]) == ("engine", [], "engine")
        assert part["tokens"] == 8001  # eight a sentence, with the space before it; one for the last space
        assert chosen["n_ctx"] == need["n_ctx"]
