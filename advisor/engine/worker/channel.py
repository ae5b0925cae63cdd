"""The two pipes to the parent: requests come in on stdin, answers leave on what was stdout.

A thread of its own reads stdin with os.read, so that the end of the input is noticed, and the process
left at once, even while the main thread is inside llama.cpp. (A thread blocked in sys.stdin's own buffer
would abort CPython on its way out.)
"""

from __future__ import annotations

import json
import os
import queue
import select
import sys
import threading
from typing import Any

STDIN, STDOUT, STDERR = 0, 1, 2
CHUNK_BYTES = 65536


class Answers:
    """The real stdout, taken before anything else can print to it."""

    def __init__(self) -> None:
        self._fd = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)  # what native code prints must not corrupt the protocol
        self._lock = threading.Lock()  # a second thread tells of the progress

    def send(self, answer: dict[str, Any]) -> None:
        line = json.dumps(answer).encode("ascii") + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._fd, line) :]


def start_reading() -> queue.SimpleQueue[bytes]:
    """The queue of request lines, filled by a thread that ends the process when the parent is gone."""
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), name="requests", daemon=True).start()
    return requests


def _read(requests: queue.SimpleQueue[bytes]) -> None:
    parent = _parent_handle()
    pending = b""
    while True:
        if parent is not None:
            _wait_for_input(parent)
        try:
            data = os.read(STDIN, CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            os._exit(0)
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            requests.put(line)


def _parent_handle() -> int | None:
    """A handle that becomes readable when the parent process is gone, where Linux offers one.

    The end of stdin says the same, unless another process holds a copy of its writing end. PR_SET_PDEATHSIG
    would not do: it fires when the parent's *thread* that started us ends, and that may be a short task.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(os.getppid())
    except OSError:
        return None


def _wait_for_input(parent: int) -> None:
    """Blocks until stdin has something to read; leaves the process if its parent goes first."""
    waiting = select.poll()
    waiting.register(STDIN, select.POLLIN)
    waiting.register(parent, select.POLLIN)
    if all(fd == parent for fd, _ in waiting.poll()):
        os._exit(0)
