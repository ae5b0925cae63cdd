"""What Ollama has loaded, and of which file: broken, long and slow answers first."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from advisor.errors import AdvisorError
from advisor.export.asking.answer import MOST_MODELS, Loaded
from advisor.export.loaded import ask
from tests.support.answering_server import answering

GEMMA = {
    "name": "gemma3:4b",
    "context_length": 4096,
    "size": 4_000_000_000,
    "size_vram": 3_000_000_000,
    "details": {"quantization_level": "Q4_K_M"},
}
BLOB = "/usr/share/ollama/.ollama/models/blobs/sha256-" + "a" * 64
MODELFILE = f'# FROM gemma3:4b\n\nFROM {BLOB}\nFROM /the/projector\nTEMPLATE """\nFROM a text\n"""\n'
SHOWN = {"modelfile": MODELFILE, "model_info": {"general.architecture": "gemma3"}}


def server(*models: object, **shown: object) -> Mapping[str, bytes]:
    """Ollama with these models in memory, and what it shows of each by its name."""
    answers = {"/api/ps": json.dumps({"models": models}).encode()}
    for name, answer in shown.items():
        answers[f'/api/show {{"model": "{name}"}}'] = (
            answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        )
    return answers


@pytest.mark.parametrize(
    "models",
    [
        *(5, None, {}, [5], [[]], [{}], [{"name": 5}], [{"name": ""}]),
        *([{"name": "x" * 5000}], [{"name": "\ud800"}], [{"name": "good"}, None]),
    ],
)
def test_what_is_not_ollamas_is_one_sentence(models: Any) -> None:
    with (
        answering({"/api/ps": json.dumps({"models": models}).encode()}) as (address, _),
        pytest.raises(AdvisorError, match="not Ollama's") as caught,
    ):
        ask("ollama", address)
    assert caught.value.code == "no-server"


@pytest.mark.parametrize(
    "shown",
    [
        *(b"<html>", b"[]", b"{", b"[" * 100_000, b" " * (4 * 1024 * 1024 + 1)),
        *({}, {"modelfile": 5}, {"modelfile": "SYSTEM none"}, {"modelfile": "FROM  "}, {"model_info": []}),
        *({"modelfile": f"FROM /{'x' * 5000}"}, {"modelfile": "FROM /\ud800"}),
        {"model_info": {"general.architecture": 5}},
    ],
)
def test_without_a_file_that_it_shows_the_rest_is_told(shown: object) -> None:
    with answering(server({"name": "a"}, a=shown)) as (address, _):
        assert ask("ollama", address) == (Loaded("a", None),)


def test_its_words_for_numbers_may_be_wrong() -> None:
    strange = {"name": "a", "size": True, "size_vram": -1, "context_length": "8k", "details": 5}
    with answering(server(strange)) as (address, _):
        assert ask("ollama", address) == (Loaded("a", None),)


def test_a_list_without_end_is_not_followed() -> None:
    with answering(server(*({"name": f"m{n}"} for n in range(500)))) as (address, asked):
        assert len(ask("ollama", address)) == MOST_MODELS
    assert len(asked) == 1 + MOST_MODELS


def test_all_questions_together_have_one_limit() -> None:
    """What is loaded is told even where the files are not shown in time."""
    gone = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = server({"name": "a"}, {"name": "b"}, {"name": "c"})["/api/ps"]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            asked.append(self.path)
            gone.wait(60)

        def log_message(self, *args: Any) -> None:
            """Nothing: a test's output is its own."""

    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as slow:
        thread = threading.Thread(target=slow.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            found = ask("ollama", f"http://127.0.0.1:{slow.server_port}", seconds=0.5)
        finally:
            gone.set()
            slow.shutdown()
            thread.join()
    assert [it.name for it in found] == ["a", "b", "c"]
    assert asked == ["/api/show"]  # after which there was no time left


def test_it_is_asked_for_the_file_of_each_model() -> None:
    with answering(server(GEMMA, {"name": "old"}, **{"gemma3:4b": SHOWN})) as (address, asked):
        found = ask("open-webui", address)
    assert asked == ["/api/ps", '/api/show {"model": "gemma3:4b"}', '/api/show {"model": "old"}']
    assert found == (
        Loaded(
            "gemma3:4b",
            4096,
            None,
            4_000_000_000,
            3_000_000_000,
            path=BLOB,
            architecture="gemma3",
            quantization="Q4_K_M",
        ),
        Loaded("old", None),
    )


def test_nothing_loaded_is_an_answer() -> None:
    with answering(server()) as (address, asked):
        assert ask("ollama", address) == ()
    assert asked == ["/api/ps"]
