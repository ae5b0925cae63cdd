"""Levers and what-if types as JSON and as text."""

import json
from dataclasses import replace
from io import StringIO

from rich.console import Console

from advisor.basis import Note
from advisor.cli import documents, recommendation_documents
from advisor.cli.recommendation_tables import print_recommendation
from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.result import Goal, Lever, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram

UNLOAD = Lever("unload-ollama", "Unload x: +1", 1, 0, title="Unload x\x1b[31m", command="ollama stop x")


def answer() -> Recommendation:
    facts, hardware = a_model(), Hardware((ram(5 * GiB + GiB // 2),))
    goal = Goal("chat", "Chat", "", 8192, 1, ("f16",))
    found = advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))
    return replace(found, levers=(*found.levers, UNLOAD))


def test_a_lever_says_only_what_it_asks_for() -> None:
    document = json.loads(json.dumps(recommendation_documents.recommendation(answer(), None)))
    lever = next(it for it in document["levers"] if it["code"] == "ubatch")
    assert lever["title"] == "ubatch 256"
    assert (lever["gain_tokens"], lever["detail"]) == (1024, "prompts are read more slowly")
    assert lever["request"]["n_ubatch"] == 256
    assert "n_cpu_moe" not in lever["request"]
    assert lever["cost"] == "some"
    done_elsewhere = document["levers"][-1]
    assert (done_elsewhere["request"], done_elsewhere["command"]) == (None, "ollama stop x")


def test_what_if_types_are_marked() -> None:
    document = json.loads(json.dumps(recommendation_documents.recommendation(answer(), None)))
    row = document["what_if_types"][0]
    assert {"name", "fork", "bytes_per_token", "n_ctx_max", "note"} == set(row)
    assert "not in mainline llama.cpp" in row["note"]["text"]


def test_values_travel_with_a_note() -> None:
    note = Note("memory", "It is the limit.", {"n_ctx": 4096})
    assert documents.notes([note]) == [
        {"code": "memory", "text": "It is the limit.", "values": {"n_ctx": 4096}}
    ]
    assert hash(note) == hash(Note("memory", "It is the limit."))


def test_the_text_has_a_column_for_each() -> None:
    out = StringIO()
    print_recommendation(Console(width=160, file=out), answer())
    lines = out.getvalue().splitlines()
    ubatch = next(line for line in lines if "ubatch 256" in line)
    assert "+1,024" in ubatch
    assert "frees 128.0 MiB" in ubatch
    assert "prompts are read more slowly" in ubatch
    costs = next(line for line in lines if "rule of thumb" in line)
    assert "-1,024" in costs
    assert any("ollama stop x" in line for line in lines)
    assert not any("\x1b[31m" in line for line in lines)
    titles = [line.split("  ")[0] for line in lines if line.startswith("What ")]
    assert titles == [
        "What you could change",
        "What would cost memory or tokens",
        "What the KV cache types cost in precision",
    ]
    fork = next(line for line in lines if "q8_0/turbo3" in line)
    assert "about 28,160" in fork
    assert "not in mainline llama.cpp" in fork


def test_where_nothing_fits_no_cache_type_is_spoken_of() -> None:
    facts, hardware = a_model(), Hardware((ram(2 * GiB),))
    goal = Goal("chat", "Chat", "", 8192, 1, ("f16",))
    found = advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))
    out = StringIO()
    print_recommendation(Console(width=160, file=out), found)
    assert "No safe context here" in out.getvalue()
    assert "f16/f16" in out.getvalue()
    assert "If your build has" not in out.getvalue()
    assert "cost in precision" not in out.getvalue()
