from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.programs.other_runtimes import OtherRuntime, other_runtimes
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram


def others(request: Request, facts: ModelFacts | None = None) -> dict[str, OtherRuntime]:
    facts = facts or a_model()
    planner = LinearPlanner(facts, Hardware(devices=(ram(32 * GiB),)))
    return {other.title: other for other in other_runtimes(request, facts, planner)}


def with_windows(facts: ModelFacts) -> ModelFacts:
    layers = []
    for layer in facts.layers:
        assert layer.attention is not None
        layers.append(replace(layer, attention=replace(layer.attention, window=1024)))
    return replace(facts, layers=tuple(layers))


def test_a_runtime_that_refuses_the_words_is_left_out() -> None:
    # llama-cpp-python has flash attention off, and Ollama no different types for K and V.
    assert "llama-cpp-python" not in others(Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0"))
    assert "Ollama" not in others(Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="f16"))


def test_the_runtime_that_was_asked_for_is_not_among_the_others() -> None:
    assert "Ollama" not in others(Request(runtime="ollama", n_ctx=8192))
    assert "llama.cpp (llama-server)" in others(Request(runtime="ollama", n_ctx=8192))


def test_every_difference_is_said() -> None:
    found = others(Request(n_ctx=8192), with_windows(a_model()))
    assert found["Ollama"].reasons == ("batches of 1,024 tokens",)
    assert found["LM Studio"].reasons == ("4 slots that share the context",)
    assert found["llama-cpp-python"].reasons == (
        "windowed layers keep the whole context",
        "scores for every token",
        "flash attention off",
        "arrays of its own in Python",
    )


def test_llama_server_as_it_starts_by_itself_is_shown_unless_slots_were_named() -> None:
    assert others(Request(n_ctx=8192))["llama-server without -np 1"].plan.settings.n_seq_max == 4
    assert "llama-server without -np 1" not in others(Request(n_ctx=8192, n_seq_max=2))


def test_ollama_multiplies_its_context_by_the_slots() -> None:
    found = others(Request(n_ctx=8192, n_seq_max=4))["Ollama"]
    assert found.plan.settings.n_ctx == 32768
    assert "32,768 tokens in all" in found.reasons
