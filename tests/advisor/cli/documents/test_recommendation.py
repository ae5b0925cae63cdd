"""A recommendation as a script reads it: levers with what they ask for, what-if types, values of notes."""

import json
from dataclasses import replace

from advisor.basis import Note
from advisor.cli.documents.document import notes_to_list
from advisor.cli.documents.recommendation import recommendation_to_dict
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
    document = json.loads(json.dumps(recommendation_to_dict(answer(), None)))
    lever = next(it for it in document["levers"] if it["code"] == "ubatch")
    assert lever["title"] == "ubatch 256"
    assert (lever["gain_tokens"], lever["detail"]) == (1024, "prompts are read more slowly")
    assert lever["request"]["n_ubatch"] == 256
    assert "n_cpu_moe" not in lever["request"]
    assert lever["cost"] == "some"
    done_elsewhere = document["levers"][-1]
    assert (done_elsewhere["request"], done_elsewhere["command"]) == (None, "ollama stop x")


def test_what_if_types_are_marked() -> None:
    document = json.loads(json.dumps(recommendation_to_dict(answer(), None)))
    row = document["what_if_types"][0]
    assert {"name", "fork", "bytes_per_token", "n_ctx_max", "note"} == set(row)
    assert "not in mainline llama.cpp" in row["note"]["text"]


def test_values_travel_with_a_note() -> None:
    note = Note("memory", "It is the limit.", {"n_ctx": 4096})
    assert notes_to_list([note]) == [
        {"code": "memory", "text": "It is the limit.", "values": {"n_ctx": 4096}}
    ]
    assert hash(note) == hash(Note("memory", "It is the limit."))
