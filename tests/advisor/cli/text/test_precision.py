"""What cache types cost in precision, as people read it: with who says so and of which build."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from advisor.basis import Note
from advisor.cli.text.precision import precision_words, print_qualities
from advisor.hardware.device import Hardware
from advisor.recommend.quality import quality_of
from advisor.recommend.result import Alternative
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram


def row(cache_type: str, quality: Note | None = None) -> Alternative:
    facts, hardware = a_model(), Hardware((ram(8 * GiB),))
    request = Request(cache_type_k=cache_type, cache_type_v=cache_type)
    found = largest_row(request, facts, LinearPlanner(facts, hardware))
    return replace(found, quality=quality or quality_of(found.settings))


def said(*rows: Alternative) -> str:
    out = StringIO()
    print_qualities(Console(width=4000, file=out), rows)
    return out.getvalue()


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert said() == ""
    assert said(replace(row("f16"), quality=None)) == ""


def test_a_text_out_of_a_file_is_never_obeyed() -> None:
    note = Note("cache-quality", "red\x1b[31m", {"sources": "a\x1b[2J", "seen": "b\x07"})
    assert "\x1b" not in said(row("f16", note))
    assert "\x07" not in said(row("f16", note))


def test_each_type_and_each_source_is_said_once() -> None:
    lines = said(row("q8_0"), row("q4_0"), row("q8_0")).splitlines()
    assert sum(line.startswith("  q8_0: ") for line in lines) == 1
    assert any(line.startswith("    Seen on: Ollama") for line in lines)
    listed = [line.strip() for line in lines if line.startswith("  [")]
    assert [line.partition(" ")[0] for line in listed] == [f"[{n}]" for n in range(1, len(listed) + 1)]
    sources = [line.partition(" ")[2] for line in listed]
    assert len(sources) == len(set(sources))
    assert "ggml-org/llama.cpp pull request 21038" in sources
    for cache_type in ("q8_0", "q4_0"):  # both cite it
        number = sources.index("ggml-org/llama.cpp pull request 21038") + 1
        assert f"[{number}]" in next(line for line in lines if line.startswith(f"  {cache_type}: "))


@pytest.mark.parametrize(
    ("k", "v", "words"),
    [
        ("f16", "f16", "full precision"),
        ("f32", "bf16", "full precision"),
        ("q8_0", "q8_0", "8 bits"),
        ("iq4_nl", "q4_0", "4 bits"),
        ("q8_0", "q5_1", "K in 8 bits, V in 5 bits"),
        ("f16", "q4_1", "K in full precision, V in 4 bits"),
    ],
)
def test_a_cache_type_in_plain_words(k: str, v: str, words: str) -> None:
    assert precision_words(LoadSettings(n_ctx=256, cache_type_k=k, cache_type_v=v)) == words


@pytest.mark.parametrize("cache_type", CACHE_TYPES)
def test_every_cache_type_has_words(cache_type: str) -> None:
    words = precision_words(LoadSettings(n_ctx=256, cache_type_k=cache_type, cache_type_v=cache_type))
    assert words == "full precision" or words[0] in "458"
