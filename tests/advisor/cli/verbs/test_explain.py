"""`explain`: one term, all terms, and a word that nobody explains."""

from __future__ import annotations

import json

import pytest

from advisor.cli.main import main


def test_an_unknown_word_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "nonsense-of-mine", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "unknown-term"
    assert "nonsense-of-mine" in err


def test_one_term_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "kv", "cache"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("KV cache")
    assert "131,072 bytes" in out


def test_all_terms_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema_version"] == 1
    assert {"kv-cache", "prefill"} <= {term["name"] for term in answer["terms"]}
