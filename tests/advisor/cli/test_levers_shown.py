"""Levers and what-if types as JSON and as text."""

import json
from dataclasses import replace
from io import StringIO

from rich.console import Console

from advisor.basis import Note
from advisor.cli import documents
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
    document = json.loads(json.dumps(documents.recommendation(answer(), None)))
    lever = next(it for it in document["levers"] if it["code"] == "ubatch")
    assert lever["title"] == "ubatch 256"
    assert (lever["gain_tokens"], lever["detail"]) == (1024, "prompts are read more slowly")
    assert lever["request"]["n_ubatch"] == 256
    assert "n_cpu_moe" not in lever["request"]
    done_elsewhere = document["levers"][-1]
    assert (done_elsewhere["request"], done_elsewhere["command"]) == (None, "ollama stop x")


def test_what_if_types_are_marked() -> None:
    document = json.loads(json.dumps(documents.recommendation(answer(), None)))
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
    fork = next(line for line in lines if "q8_0/turbo3" in line)
    assert "about 28,160" in fork
    assert "not in mainline llama.cpp" in fork
