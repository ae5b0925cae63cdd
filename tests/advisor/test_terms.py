"""The terms: every one is complete, and is found by any of its names."""

from __future__ import annotations

import pytest

from advisor import terms
from advisor.errors import PresetError, UsageError
from advisor.terms import find_term, load_terms


@pytest.mark.parametrize(
    "entry",
    [
        "not a table",
        {"title": "A", "short": "B"},
        {"title": "", "short": "B", "text": ["C"]},
        {"title": "A", "short": "B", "text": "C"},
        {"title": "A", "short": "B", "text": [1]},
        {"title": "A", "short": "B", "text": ["C"], "see": ["nowhere"]},
    ],
)
def test_a_malformed_term_is_refused(entry: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "read_toml", lambda _name: {"broken": entry})
    with pytest.raises(PresetError) as caught:
        load_terms()
    assert caught.value.hint


def test_an_unknown_word_names_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find_term("kv cach", load_terms())
    assert "kv-cache" in caught.value.hint


def test_a_word_like_none_says_where_all_are() -> None:
    with pytest.raises(UsageError) as caught:
        find_term("zzzzzzzz", load_terms())
    assert "explain" in caught.value.hint


def test_every_word_leads_to_one_term() -> None:
    known = load_terms()
    seen: dict[str, str] = {}
    for term in known.values():
        for word in (term.name, term.title, *term.words):
            assert find_term(word, known) is term, word
            plain = terms._plain(word)
            assert seen.setdefault(plain, term.name) == term.name, f"{word} is a word of two terms"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("KV-Cache", "kv-cache"),
        ("num_ctx", "context"),
        ("-ngl", "offload"),
        ("TTFT", "prefill"),
        ("OOM", "reserved-at-load"),
    ],
)
def test_a_term_is_found_as_people_write_it(word: str, name: str) -> None:
    assert find_term(word, load_terms()).name == name


def test_what_the_window_and_the_issue_speak_of_is_explained() -> None:
    needed = {"kv-cache", "prefill", "decode", "gqa", "cache-type", "quantization", "flash-attention"}
    needed |= {"headroom", "full-context", "paged-attention", "batching", "gib"}
    assert needed | {"reserved-at-load", "intelligence"} <= load_terms().keys()
