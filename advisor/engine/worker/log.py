"""llama.cpp's log: what it says about buffers and refusals, kept as lines.

The callback is called hundreds of times for one context, mostly with debug text: anything below INFO is
dropped at once, except the lines that say which layer lies on which device.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque

from .channel import STDERR
from .native import Native

# enum ggml_log_level, ggml/include/ggml.h
INFO, WARN, ERROR, CONT = 2, 3, 4, 5

MAX_LINES = 4096  # a hostile header can name any number of keys, each logged
MAX_LINE_CHARS = 400
CACHE_PLACE, WEIGHTS_PLACE = b": dev = ", b" assigned to device "


class EngineLog:
    """The lines since `start()`. One object lives as long as the process: llama.cpp keeps its callback."""

    def __init__(self, llama: Native) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=MAX_LINES)
        self._callback = llama.llama_log_callback(self._receive)
        llama.llama_log_set(self._callback, ctypes.c_void_p(0))

    def start(self) -> None:
        """Forgets the lines so far."""
        self._lines.clear()

    @property
    def lines(self) -> list[str]:
        return [text for _, text in self._lines]

    @property
    def complaints(self) -> tuple[str, ...]:
        """The last errors, or the last warnings where there is no error."""
        for level in (ERROR, WARN):
            found = [text for at, text in self._lines if at == level]
            if found:
                return tuple(found[-6:])
        return ()

    def _receive(self, level: int, text: bytes, _user_data: object) -> None:
        if level < INFO and CACHE_PLACE not in text and WEIGHTS_PLACE not in text:
            return
        line = text[:MAX_LINE_CHARS].decode("utf-8", "replace").rstrip("\n")
        if level == CONT and self._lines:
            before, start = self._lines.pop()
            self._lines.append((before, (start + line)[:MAX_LINE_CHARS]))
            return
        self._lines.append((level, line))
        if level in (WARN, ERROR):
            os.write(STDERR, line.encode("utf-8", "replace") + b"\n")
