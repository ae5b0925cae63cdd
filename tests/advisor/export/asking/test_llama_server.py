"""What llama-server, its router and llama-swap have loaded: broken answers first."""

from __future__ import annotations

import json

import pytest

from advisor.errors import AdvisorError
from advisor.export.asking.answer import Loaded
from advisor.export.loaded import ask
from tests.support.answering_server import answering

PROPS = {
    "total_slots": 2,
    "model_path": "/m/x.gguf",
    "default_generation_settings": {"n_ctx": 4096},
}
ROUTER = {"role": "router", "model_path": "none", "default_generation_settings": {"n_ctx": 0}}


def router(*states: tuple[str, str]) -> dict[str, bytes]:
    """A router over models in these states."""
    models = [
        {"id": name, "aliases": [f"my {name}", 5], "status": {"value": state}} for name, state in states
    ]
    return {"/props": json.dumps(ROUTER).encode(), "/models": json.dumps({"data": models}).encode()}


@pytest.mark.parametrize("to", ["ollama", "llama-server", "lm-studio"])
@pytest.mark.parametrize(
    "body",
    [
        *(b"[]", b'{"models": 5, "default_generation_settings": 5}', b'{"models": [5]}'),
        *(b'{"role": "router"}', b'{"role": "router", "data": 5}', b"null", b'"text"', b"<html>"),
    ],
)
def test_another_programs_answer_is_one_sentence(to: str, body: bytes) -> None:
    with answering(body) as (address, _), pytest.raises(AdvisorError, match="could not be found out"):
        ask(to, address, seconds=2)


@pytest.mark.parametrize(
    "models",
    [
        *(b"[]", b'{"data": 5}', b'{"data": [5]}', b'{"data": [{"id": 5, "status": {"value": "loaded"}}]}'),
        *(b'{"data": [{"id": "a"}]}', b'{"data": [{"id": "\\ud800", "status": {"value": "loaded"}}]}'),
    ],
)
def test_a_router_with_another_list_is_one_sentence(models: bytes) -> None:
    with (
        answering({**router(), "/models": models}) as (address, _),
        pytest.raises(AdvisorError, match="not llama-server's"),
    ):
        ask("llama-router", address)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"running": 5}', b'{"running": [5]}', b'{"running": [{"model": 5}]}']
)
def test_what_is_not_llama_swap_is_one_sentence(body: bytes) -> None:
    with answering(body) as (address, _), pytest.raises(AdvisorError, match="not llama-swap's"):
        ask("llama-swap", address)


def test_what_it_does_not_say_is_none() -> None:
    with answering(b'{"default_generation_settings": {}, "model_path": 5}') as (address, _):
        assert ask("llama-server", address) == (Loaded("The model", None),)


def test_nothing_loaded_is_an_answer() -> None:
    with answering(router(("a", "unloaded"), ("b", "loading"))) as (address, asked):
        assert ask("llama-router", address) == ()
    assert asked == ["/props", "/models"]


def test_llama_server_says_what_is_loaded() -> None:
    with answering(json.dumps(PROPS).encode()) as (address, asked):
        (found,) = ask("opencode", address)
    assert asked == ["/props"]
    assert found == Loaded("/m/x.gguf", 4096, 2, path="/m/x.gguf")


def test_llama_swap_is_asked_about_each_model_that_is_ready() -> None:
    models = [{"model": "a/b c", "state": "ready"}, {"model": "d", "state": "starting"}]
    path = "/upstream/a/b%20c/props"
    answers = {"/running": json.dumps({"running": models}).encode(), path: json.dumps(PROPS).encode()}
    with answering(answers) as (address, asked):
        assert ask("llama-swap", address) == (Loaded("a/b c", 4096, 2, path="/m/x.gguf"),)
    assert asked == ["/running", path]


def test_a_router_is_asked_about_each_loaded_model_and_loads_none() -> None:
    path = "/props?model=me%2Fa%3AQ4&autoload=false"
    answers = {**router(("me/a:Q4", "sleeping"), ("b", "unloaded")), path: json.dumps(PROPS).encode()}
    with answering(answers) as (address, asked):
        (found,) = ask("llama-router", address)
    assert found == Loaded("me/a:Q4", 4096, 2, path="/m/x.gguf", names=("my me/a:Q4",))
    assert asked == ["/props", "/models", path]
