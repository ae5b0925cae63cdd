"""What cache types cost in precision, as people read it: with who says so and of which build."""

from dataclasses import replace
from io import StringIO

from rich.console import Console

from advisor.basis import Note
from advisor.cli.quality_words import print_qualities
from advisor.hardware.device import Hardware
from advisor.recommend.quality import quality_of
from advisor.recommend.result import Alternative
from advisor.recommend.row import largest_row
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


def test_each_type_is_said_once_with_its_sources_and_what_they_were_seen_on() -> None:
    text = said(row("q8_0"), row("q4_0"), row("q8_0"))
    lines = text.splitlines()
    assert sum(line.startswith("  q8_0: ") for line in lines) == 1
    notes = next(line for line in lines if line.startswith("    Seen on: Ollama"))
    assert "with and without the rotation. Sources: ollama/ollama docs/faq.mdx, " in notes
    assert "ggml-org/llama.cpp pull request 21038, ggml-org/llama.cpp issue 21385" in notes
