"""A program that listens on this computer, and the time that all its answers together may take."""

from __future__ import annotations

import time

from advisor.errors import AdvisorError
from advisor.export.local_server import asked, no_server


class Server:
    """`address` is one of this computer's; `seconds` from now on nothing more is waited for."""

    def __init__(self, address: str, program: str, seconds: float) -> None:
        self._address = address
        self._program = program
        self._until = time.monotonic() + seconds

    def asked(self, path: str, body: object = None) -> object:
        """The JSON that a GET brings, or a POST of `body`. Raises what `local_server.asked` raises."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise no_server(self._address, "it took too long")
        return asked(self._address, path, left, body)

    def strange(self) -> AdvisorError:
        """The error for an answer that is not this program's."""
        return no_server(self._address, f"its answer is not {self._program}'s")
