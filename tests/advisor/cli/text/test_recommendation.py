"""A recommendation as people read it."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from advisor.basis import Note
from advisor.cli.text.recommendation import print_recommendation
from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.result import Goal, Lever, Patience, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram

UNLOAD = Lever("unload-ollama", "Unload x: +1", 1, 0, title="Unload x\x1b[31m", command="ollama stop x")


def answer() -> Recommendation:
    facts, hardware = a_model(), Hardware((ram(5 * GiB + GiB // 2),))
    goal = Goal("chat", "Chat", "", 8192, 1, ("f16",))
    found = advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))
    return replace(found, levers=(UNLOAD, *found.levers))


def shown(
    found: Recommendation, *, in_full: bool = False, steps: tuple[tuple[str, str], ...] = ()
) -> list[str]:
    out = StringIO()
    print_recommendation(Console(width=160, file=out), found, steps=steps, in_full=in_full)
    return out.getvalue().splitlines()


def nothing() -> Recommendation:
    """Of a computer on which nothing fits."""
    facts, hardware = a_model(), Hardware((ram(2 * GiB),))
    goal = Goal("chat", "Chat", "", 8192, 1, ("f16",))
    return advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))


@pytest.mark.parametrize("in_full", [False, True])
def test_nothing_of_a_program_is_obeyed_by_the_terminal(*, in_full: bool) -> None:
    lines = shown(answer(), in_full=in_full, steps=(("use it", "export \x1b[31m"),))
    assert any("ollama stop x" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("in_full", [False, True])
def test_where_nothing_fits_no_cache_type_is_spoken_of(*, in_full: bool) -> None:
    text = "\n".join(shown(nothing(), in_full=in_full))
    assert "No safe context here" in text
    assert "f16/f16" in text
    assert "words or" not in text
    assert "If your build has" not in text
    assert "cost in precision" not in text


def test_the_page_has_its_parts_in_order() -> None:
    lines = shown(answer(), steps=(("use it", "context-advisor export m --to ollama"),))
    starts = ("tokens of context", "Why", "Memory ", "KV cache K/V", "What you could change", "What next")
    where = [next(n for n, line in enumerate(lines) if start in line) for start in starts]
    assert where == sorted(where)
    assert lines[-1] == "  use it  context-advisor export m --to ollama"
    assert len(lines) <= 40


def test_what_the_page_leaves_out_is_in_the_full_text() -> None:
    page, full = "\n".join(shown(answer())), "\n".join(shown(answer(), in_full=True))
    for words in ("What would cost memory", "If your build has", "cost in precision", "headroom"):
        assert words not in page
        assert words in full
    for words in ("exact, asked from llama.cpp", "The goal is chat: 8,192 tokens"):
        assert words in page
        assert words in full


def test_the_full_text_has_a_column_for_each() -> None:
    lines = shown(answer(), in_full=True)
    ubatch = next(line for line in lines if "ubatch 256" in line)
    assert "+1,024" in ubatch
    assert "frees 128.0 MiB" in ubatch
    assert "prompts are read more slowly" in ubatch
    costs = next(line for line in lines if "rule of thumb" in line)
    assert "-1,024" in costs
    titles = [line.split("  ")[0] for line in lines if line.startswith("What ")]
    assert titles == [
        "What you could change",
        "What would cost memory or tokens",
        "What the KV cache types cost in precision",
    ]
    fork = next(line for line in lines if "q8_0/turbo3" in line)
    assert "about 28,160" in fork
    assert "not in mainline llama.cpp" in fork


def test_details_of_a_figure_are_for_the_full_text() -> None:
    reasons = (Note("cache-read", "Each reads much."), Note("memory", "It is the limit."))
    found = replace(answer(), reasons=reasons)
    assert "  It is the limit." in shown(found)
    assert "  Each reads much." not in shown(found)
    assert "  Each reads much." in shown(found, in_full=True)


def test_the_cache_is_said_in_plain_words() -> None:
    assert any("f16 KV cache (full precision)" in line for line in shown(answer()))
    facts, hardware = a_model(), Hardware((ram(5 * GiB + GiB // 2),))
    goal = Goal("chat", "Chat", "", 8192, 2, ("q8_0",))
    found = advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))
    lines = shown(found)
    assert any("q8_0 KV cache (8 bits: usually no loss that anyone notices)" in line for line in lines)
    assert any("for each of 2 slots" in line for line in lines)
    assert "  The goal is chat: 8,192 tokens for each of 2 users. Others with --goal." in lines


def test_a_goal_without_a_wish_wants_all() -> None:
    found = replace(answer(), goal=Goal("most", "Most", "", None, 1, ("f16",)))
    assert "  The goal is most: as many tokens as there are. Others with --goal." in shown(found)


def test_a_model_without_a_cache_has_no_words_about_one() -> None:
    found = answer()
    without = tuple(replace(layer, attention=None) for layer in found.model.layers)
    lines = shown(replace(found, model=replace(found.model, layers=without)))
    assert not any("full precision" in line for line in lines)


def test_what_is_fast_enough_is_said_in_full() -> None:
    found = answer()
    assert any(line.startswith("  Any speed will do.") for line in shown(found, in_full=True))
    goal = replace(found.goal, patience=Patience(90, 2.5))
    lines = shown(replace(found, goal=goal), in_full=True)
    said = "  Fast enough is: a full context is read in 90 s and writes 2.5 tokens/s."
    assert any(line.startswith(said) for line in lines)
    assert not any("Fast enough" in line for line in shown(replace(found, goal=goal)))
