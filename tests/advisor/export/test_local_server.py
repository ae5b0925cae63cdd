import contextlib
import select
import socket
import threading

import pytest

from advisor.errors import AdvisorError, UsageError
from advisor.export.local_server import asked
from tests.support.answering_server import answering


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
        asked(address, "/", 1)


def test_no_server_is_one_sentence() -> None:
    with answering(b"") as (address, _):
        pass  # a port that nothing listens on any more
    with pytest.raises(AdvisorError, match="could not be found out") as caught:
        asked(address, "/", 1)
    assert caught.value.code == "no-server"


@pytest.mark.parametrize(
    ("body", "status", "claimed", "why"),
    [
        (b"<html>", 200, None, "not JSON"),
        (b"[" * 100_000, 200, None, "not JSON"),
        (b"\xff", 200, None, "not JSON"),
        (b"{}", 302, None, "answered 302"),
        (b"{}", 404, None, "answered 404"),
        (b"{}", 500, None, "answered 500"),
        (b"{", 200, 10, "could not be found out"),
        (b" " * (4 * 1024 * 1024 + 1), 200, None, "too long"),
    ],
)
def test_a_strange_answer_is_one_sentence(body: bytes, status: int, claimed: int | None, why: str) -> None:
    with answering(body, status, claimed) as (address, paths):
        with pytest.raises(AdvisorError, match=why) as caught:
            asked(address, "/props", 2)
        assert caught.value.code == "no-server"
        assert paths == ["/props"]  # no redirect is followed


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with (
        answering(b"", claimed=1) as (address, _),
        pytest.raises(AdvisorError, match="could not be found out"),
    ):
        asked(address, "/", 0.2)


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
            asked(f"http://127.0.0.1:{listener.getsockname()[1]}", "/", 0.3)
        thread.join()


def test_an_address_may_come_without_its_scheme() -> None:
    with answering(b'{"a": 1}') as (address, paths):
        assert asked(address.removeprefix("http://"), "/a?b=c%20d", 5) == {"a": 1}
    assert paths == ["/a?b=c%20d"]
