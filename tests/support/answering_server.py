"""A server on this computer that gives prepared answers, for tests of what asks one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextlib.contextmanager
def answering(
    body: bytes | Mapping[str, bytes], status: int = 200, claimed: int | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Its address and what it was asked. One body answers everything, or each path has its own.

    What is posted stands after the path, as "/path {...}". `claimed` is the length that it says the body has.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(self.path)

        def do_POST(self) -> None:
            posted = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(f"{self.path} {posted}")

        def answer(self, question: str) -> None:
            asked.append(question)
            content = body if isinstance(body, bytes) else body.get(question)
            self.send_response(404 if content is None else status)
            self.send_header("Content-Length", str(len(content or b"") if claimed is None else claimed))
            self.send_header("Location", "http://example.org/")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(content or b"")

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
