import contextlib
import json
import select
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from advisor.errors import AdvisorError, UsageError
from advisor.export.loaded import Loaded, ask, differences
from advisor.settings.load_settings import LoadSettings

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
WANTED = LoadSettings(n_ctx=8192, n_seq_max=2, kv_unified=False)


@contextlib.contextmanager
def answering(body: bytes, status: int = 200, claimed: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server on this computer that answers everything with `body`; its address and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
            self.send_header("Location", "http://example.org/")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Nothing: a test's output is its own."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("to", ["lm-studio", "llama-cpp-python", "vllm"])
def test_what_cannot_be_asked_is_said(to: str) -> None:
    with pytest.raises(UsageError, match="cannot be asked"):
        ask(to)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://example.org",
            "https://127.0.0.1:1",
            "http://192.168.0.2:11434",
            "ftp://localhost",
            "http://[",
        ),
        *(
            "http://127.0.0.1:port",
            "http://127.0.0.1.example.org",
            "http://0.0.0.0:8080",
            "file:///etc/passwd",
        ),
    ],
)
def test_no_other_computer_is_asked(address: str) -> None:
    with pytest.raises(UsageError, match="not an address of this computer"):
        ask("ollama", address)


def test_no_server_is_one_sentence() -> None:
    with answering(b"") as (address, _):
        pass  # a port that nothing listens on any more
    with pytest.raises(AdvisorError, match="could not be found out") as caught:
        ask("llama-server", address)
    assert caught.value.code == "no-server"


@pytest.mark.parametrize("to", ["ollama", "llama-server"])
@pytest.mark.parametrize(
    ("body", "status", "claimed"),
    [
        (b"<html>", 200, None),
        (b"[]", 200, None),
        (b'{"models": 5, "default_generation_settings": 5}', 200, None),
        (b'{"models": [5]}', 200, None),
        (b"[" * 100_000, 200, None),
        (b"\xff", 200, None),
        (b"{}", 302, None),
        (b"{}", 404, None),
        (b"{}", 500, None),
        (b"{", 200, 10),
        (b" " * (4 * 1024 * 1024 + 1), 200, None),
    ],
)
def test_a_strange_answer_is_one_sentence(to: str, body: bytes, status: int, claimed: int | None) -> None:
    with answering(body, status, claimed) as (address, asked):
        with pytest.raises(AdvisorError, match="could not be found out"):
            ask(to, address, seconds=2)
        assert len(asked) == 1  # no redirect is followed


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with (
        answering(b"", claimed=1) as (address, _),
        pytest.raises(AdvisorError, match="could not be found out"),
    ):
        ask("ollama", address, seconds=0.2)


def test_ollama_says_what_is_loaded() -> None:
    with answering(json.dumps(OLLAMA).encode()) as (address, asked):
        found = ask("open-webui", address)
    assert asked == ["/api/ps"]
    assert found == (Loaded("gemma3:4b", 4096, None, 4_000_000_000, 3_000_000_000), Loaded("old", None))


def test_nothing_loaded_is_an_answer() -> None:
    with answering(b'{"models": []}') as (address, _):
        assert ask("ollama", address) == ()


def test_llama_server_says_what_is_loaded() -> None:
    with answering(json.dumps(PROPS).encode()) as (address, asked):
        (found,) = ask("llama-swap", address.removeprefix("http://"))
    assert asked == ["/props"]
    assert found == Loaded("/m/x.gguf", 4096, 2)


def test_as_planned_is_no_difference() -> None:
    assert differences(Loaded("x", 4096, 2, 5, 5), WANTED) == ()
    assert differences(Loaded("x", None), WANTED) == ()


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


def drip(listener: socket.socket) -> None:
    """A header that never ends, a byte at a time, for as long as somebody listens."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while select.select([connection], [], [], 0.02)[0] == [] or connection.recv(65536):
            connection.sendall(b"x")


def test_an_answer_that_drips_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(AdvisorError, match="took too long"):
            ask("ollama", f"http://127.0.0.1:{listener.getsockname()[1]}", seconds=0.3)
        thread.join()
