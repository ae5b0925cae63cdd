"""Memory that others hold, and the rule of thumb."""

from dataclasses import replace

from advisor.hardware.device import Hardware, Holder
from advisor.memory.companions import Companions, Draft
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import LinearPlanner, a_model, gpu, ram

OLLAMA = Holder("Ollama", GiB, "ollama stop llama3.1:8b")


def computer(*holders: Holder, held: int = GiB) -> Hardware:
    whole = gpu(6 * GiB + held)
    assert whole.free_bytes is not None
    card = replace(whole, free_bytes=whole.free_bytes - held, holders=holders)
    return Hardware((card, ram(32 * GiB)))


def texts(hardware: Hardware) -> dict[str, str]:
    facts = a_model()
    found = levers_of(facts, hardware, Request(), planner=LinearPlanner(facts, hardware), n_ctx=4096)
    return {code: lever.text for code, lever in found.items()}


def test_unloading_a_model_gives_back_what_it_holds() -> None:
    # 6 GiB less 4.25 hold 14,336 tokens, 1 GiB more another 8,192.
    facts, hardware = a_model(), computer(OLLAMA)
    lever = levers_of(facts, hardware, Request(), planner=LinearPlanner(facts, hardware))["unload-ollama"]
    assert lever.text == "Unload llama3.1:8b from Ollama: +8,192 tokens, frees 1.0 GiB"
    assert lever.command == "ollama stop llama3.1:8b"
    assert lever.request is None


def test_programs_without_a_command_or_a_figure_are_no_lever() -> None:
    found = texts(computer(Holder("firefox", GiB), Holder("LM Studio", None, "lms unload --all")))
    assert not [code for code in found if code.startswith("unload")]
    assert found["close-others"] == "Close other programs: +8,192 tokens, frees 1.0 GiB, at most"


def test_names_are_said_as_far_as_they_are_known() -> None:
    unnamed = texts(computer(Holder("Ollama", GiB, "ollama ps; ollama stop NAME")))
    assert unnamed["unload-ollama"].startswith("Unload what Ollama has loaded: ")
    server = texts(computer(Holder("llama-server", GiB, "kill 7")))
    assert server["unload-llama-server"].startswith("Stop the other llama-server: ")


def test_no_more_is_given_back_than_there_is() -> None:
    found = texts(computer(Holder("Ollama", 900 * GiB, "ollama stop x")))
    assert found["unload-ollama"].startswith("Unload x from Ollama: +8,192 tokens")


def test_where_free_memory_is_not_known_nothing_is_promised() -> None:
    hardware = computer(OLLAMA)
    unknown = replace(hardware.gpus[0], free_bytes=None)
    found = texts(Hardware((unknown, hardware.ram)))
    assert not [code for code in found if code.startswith("unload")]


def test_the_rule_of_thumb_counts_what_is_loaded_beside_the_model() -> None:
    facts, hardware = a_model(), Hardware((ram(3 * GiB, reserve_bytes=GiB // 4),))
    beside = Companions(draft=Draft(a_model(n_layer=8)))
    alone = levers_of(facts, hardware, Request(), planner=Planner(facts, hardware))["reserve-percent"]
    both = levers_of(facts, hardware, Request(), planner=Planner(facts, hardware, companions=beside))[
        "reserve-percent"
    ]
    # A draft of a quarter of the layers takes a quarter more for each token: as many fewer are lost.
    assert alone.gain_tokens < both.gain_tokens < 0
    assert (
        both.gain_tokens / alone.gain_tokens == 0.8 or abs(both.gain_tokens - 0.8 * alone.gain_tokens) <= 256
    )


def test_a_quarter_free_may_leave_nothing() -> None:
    hardware = Hardware((ram(5 * GiB, reserve_bytes=GiB // 4),))
    assert texts(hardware)["reserve-percent"].endswith("costs 6,144 tokens, then nothing fits")
