"""One range of one address: what the network may say, and what a server is told."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from http.client import HTTPException
from types import SimpleNamespace
from urllib.error import URLError

import pytest

from advisor.errors import GgufError
from advisor.gguf import transport
from advisor.gguf.transport import fetch_range
from tests.support.range_server import Handler, send, serving


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (URLError(ssl.SSLCertVerificationError(1, "self-signed")), "its certificate is not valid"),
        (URLError(socket.gaierror(-2, "Name or service not known")), "no such host, or no network"),
        (URLError(TimeoutError()), "did not answer in time"),
        (TimeoutError(), "did not answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (HTTPException("\x1b[2J"), r"\x1b[2J"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_the_network_says_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    with pytest.raises(GgufError) as caught:
        fetch_range("https://example.org/m.gguf", 0, 10, 5.0, token=None)
    assert caught.value.code == "no-answer"
    assert said in caught.value.message
    assert caught.value.message.startswith("example.org cannot be read")
    assert caught.value.hint.endswith(".")


def test_a_file_of_no_bytes_is_empty() -> None:
    def beyond(handler: Handler, start: int, end: int, content: bytes) -> None:
        send(handler, 416, b"")

    with serving({"/m.gguf": b""}, beyond) as server:
        with pytest.raises(GgufError) as caught:
            fetch_range(f"{server.address}/m.gguf", 0, 10, 5.0, token=None)
        assert caught.value.code == "empty-file"
        with pytest.raises(GgufError) as caught:
            fetch_range(f"{server.address}/m.gguf", 10, 10, 5.0, token=None)
        assert caught.value.code == "no-answer"


def test_an_answer_that_takes_too_long_is_given_up_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 100.0])
    with serving({"/m.gguf": b"x" * 100}) as server:
        monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=lambda: next(times)))
        with pytest.raises(GgufError, match="did not answer in time"):
            fetch_range(f"{server.address}/m.gguf", 0, 10, 5.0, token=None)


def test_a_token_is_told_to_the_address_itself() -> None:
    with serving({"/m.gguf": b"x" * 100}) as server:
        answer = fetch_range(f"{server.address}/m.gguf", 90, 50, 5.0, token="secret")
    assert (answer.body, answer.size_bytes) == (b"x" * 10, 100)
    assert [headers["Authorization"] for _, headers in server.requests] == ["Bearer secret"]
