"""A web server on this computer that sends parts of files, properly or in one of the ways that go wrong."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Misdeed = Callable[["Handler", int, int, bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Answers a range of the file at its path; `misdeed`, where there is one, answers in its place."""

    server: RangeServer
    timeout = 5

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        content = self.server.files.get(self.path.partition("?")[0])
        if content is None:
            self.send_error(404)
            return
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last) + 1, len(content))
        with contextlib.suppress(ConnectionError):
            (self.server.misdeed or send_part)(self, start, end, content)

    def log_message(self, *args: Any) -> None:
        """Nothing: a test's output is its own."""


class RangeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], misdeed: Misdeed | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.misdeed = misdeed
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def serving(files: Mapping[str, bytes], misdeed: Misdeed | None = None) -> Iterator[RangeServer]:
    with RangeServer(files, misdeed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def send_part(handler: Handler, start: int, end: int, content: bytes) -> None:
    """As it should be."""
    send(handler, 206, content[start:end], **{"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"})


def send(handler: Handler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
