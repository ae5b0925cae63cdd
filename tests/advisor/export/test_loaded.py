import json

import pytest

from advisor.errors import AdvisorError, UsageError
from advisor.export.loaded import Loaded, ask, differences
from advisor.settings.load_settings import LoadSettings
from tests.support.answering_server import answering

OLLAMA = {
    "models": [
        {"name": "gemma3:4b", "context_length": 4096, "size": 4_000_000_000, "size_vram": 3_000_000_000},
        {"name": "old", "size": True},
    ]
}
PROPS = {
    "total_slots": 2,
    "model_path": "/m/x.gguf",
    "default_generation_settings": {"n_ctx": 4096},
}
ROUTER = {"role": "router", "model_path": "none", "default_generation_settings": {"n_ctx": 0}}
WANTED = LoadSettings(n_ctx=8192, n_seq_max=2, kv_unified=False, n_gpu_layers=33)


def router(*states: tuple[str, str]) -> dict[str, bytes]:
    """A router over models in these states."""
    models = [{"id": name, "status": {"value": state}} for name, state in states]
    return {"/props": json.dumps(ROUTER).encode(), "/models": json.dumps({"data": models}).encode()}


@pytest.mark.parametrize("to", ["lm-studio", "llama-cpp-python", "vllm"])
def test_what_cannot_be_asked_is_said(to: str) -> None:
    with pytest.raises(UsageError, match="cannot be asked"):
        ask(to)


@pytest.mark.parametrize("to", ["ollama", "llama-server"])
def test_no_other_computer_is_asked(to: str) -> None:
    with pytest.raises(UsageError, match="not an address of this computer"):
        ask(to, "http://192.168.0.2:11434")


@pytest.mark.parametrize("to", ["ollama", "llama-server"])
@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"models": 5, "default_generation_settings": 5}', b'{"models": [5]}', b'{"role": "router"}'],
)
def test_another_programs_answer_is_one_sentence(to: str, body: bytes) -> None:
    with answering(body) as (address, _), pytest.raises(AdvisorError, match="could not be found out"):
        ask(to, address, seconds=2)


@pytest.mark.parametrize(
    "models",
    [b"[]", b'{"data": 5}', b'{"data": [5]}', b'{"data": [{"id": 5, "status": {"value": "loaded"}}]}'],
)
def test_a_router_with_another_list_is_one_sentence(models: bytes) -> None:
    with (
        answering({**router(), "/models": models}) as (address, _),
        pytest.raises(AdvisorError, match="not llama-server's"),
    ):
        ask("llama-router", address)


def test_ollama_says_what_is_loaded() -> None:
    with answering(json.dumps(OLLAMA).encode()) as (address, asked):
        found = ask("open-webui", address)
    assert asked == ["/api/ps"]
    assert found == (Loaded("gemma3:4b", 4096, None, 4_000_000_000, 3_000_000_000), Loaded("old", None))


def test_nothing_loaded_is_an_answer() -> None:
    with answering(b'{"models": []}') as (address, _):
        assert ask("ollama", address) == ()
    with answering(router(("a", "unloaded"), ("b", "loading"))) as (address, asked):
        assert ask("llama-router", address) == ()
    assert asked == ["/props", "/models"]


def test_llama_server_says_what_is_loaded() -> None:
    with answering(json.dumps(PROPS).encode()) as (address, asked):
        (found,) = ask("opencode", address)
    assert asked == ["/props"]
    assert found == Loaded("/m/x.gguf", 4096, 2)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"running": 5}', b'{"running": [5]}', b'{"running": [{"model": 5}]}']
)
def test_what_is_not_llama_swap_is_one_sentence(body: bytes) -> None:
    with answering(body) as (address, _), pytest.raises(AdvisorError, match="not llama-swap's"):
        ask("llama-swap", address)


def test_llama_swap_is_asked_about_each_model_that_is_ready() -> None:
    models = [{"model": "a/b c", "state": "ready"}, {"model": "d", "state": "starting"}]
    path = "/upstream/a/b%20c/props"
    answers = {"/running": json.dumps({"running": models}).encode(), path: json.dumps(PROPS).encode()}
    with answering(answers) as (address, asked):
        assert ask("llama-swap", address) == (Loaded("a/b c", 4096, 2),)
    assert asked == ["/running", path]


def test_a_router_is_asked_about_each_loaded_model_and_loads_none() -> None:
    path = "/props?model=me%2Fa%3AQ4&autoload=false"
    answers = {**router(("me/a:Q4", "sleeping"), ("b", "unloaded")), path: json.dumps(PROPS).encode()}
    with answering(answers) as (address, asked):
        assert ask("llama-router", address) == (Loaded("me/a:Q4", 4096, 2),)
    assert asked == ["/props", "/models", path]


def test_as_planned_is_no_difference() -> None:
    assert differences(Loaded("x", 4096, 2, 5, 5), WANTED) == ()
    assert differences(Loaded("x", None), WANTED) == ()
    on_the_cpu = LoadSettings(n_ctx=4096, n_gpu_layers=0)
    assert differences(Loaded("x", 4096, None, 5, 0), on_the_cpu) == ()


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        (Loaded("x", 2048), "are cut"),
        (Loaded("x", 8192), "more memory"),
        (Loaded("x", 4096, 4), "4 slots instead of 2"),
        (Loaded("x", 4096, None, 4 * 2**30, 3 * 2**30), "1.0 GiB of 4.0 GiB are not on the GPU"),
    ],
)
def test_each_difference_is_a_sentence(loaded: Loaded, words: str) -> None:
    (sentence,) = differences(loaded, WANTED)
    assert words in sentence
