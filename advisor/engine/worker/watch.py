"""`Watch`: the thread that samples memory while the main thread is inside llama.cpp, and tells the parent.

It also shows the parent that the process is alive: during a decode that takes minutes nothing else can. A
process that waits for ever uses no processor time, and so stays silent.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import memory_sample, pressure
from .channel import STDERR
from .memory_sample import Sample

Send = Callable[[dict[str, Any]], None]

SAMPLE_SECONDS = 0.05
NEWS_SECONDS = 0.1  # at most ten lines a second
ALIVE_SECONDS = 1.0
BUSY_SECONDS = 0.05  # of processor time in ALIVE_SECONDS: it works


@contextmanager
def watching(send: Send, free_bytes: Callable[[], Mapping[str, int]], n_ctx: int = 0) -> Iterator[Watch]:
    """A watch for as long as the block lasts."""
    watch = Watch(send, free_bytes, n_ctx)
    watch.start()
    try:
        yield watch
    finally:
        watch.end()


class Watch:
    """For one request: what it is doing now, and the most memory that was seen."""

    def __init__(self, send: Send, free_bytes: Callable[[], Mapping[str, int]], n_ctx: int = 0) -> None:
        self._send = send
        self._free_bytes = free_bytes
        self._state: dict[str, Any] = {
            "stage": "",
            "n_ctx": n_ctx,
            "n_filled": 0,
            "tokens_per_second": None,
            "fraction": None,
        }
        self._told: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._most: Sample = {}
        self._least_free: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        memory_sample.begin_anew()
        self.take()
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def now(self, **state: object) -> None:
        """What is being done: "stage", "n_filled", "tokens_per_second" or "fraction"; the rest stays."""
        self._state = {**self._state, **state}

    def take(self) -> dict[str, Any]:
        """A sample, counted for the most."""
        now, free = memory_sample.sample(), self._free_bytes()
        with self._lock:
            for name, value in now.items():
                self._most[name] = _larger(self._most.get(name), value)
            for device, free_bytes in free.items():
                self._least_free[device] = min(free_bytes, self._least_free.get(device, free_bytes))
        return {**now, "devices": dict(free)}

    def most(self) -> dict[str, Any]:
        """The most of every figure so far, and the least that was free on each device."""
        self.take()
        with self._lock:
            most, devices = dict(self._most), dict(self._least_free)
        most["peak_rss_bytes"] = _larger(most["peak_rss_bytes"], most["rss_bytes"])
        return {**most, "devices": devices}

    def _run(self) -> None:
        told_at, busy_at = 0.0, time.process_time()
        while not self._ended.wait(SAMPLE_SECONDS):
            memory = self.take()
            if pressure.is_high():
                # The system asks for memory back; what its desktop shows comes first. The parent reads this.
                os.write(STDERR, b"out of memory: the system warns of memory pressure\n")
                os._exit(1)
            now, busy = time.monotonic(), time.process_time()
            is_news = self._state != self._told and now - told_at >= NEWS_SECONDS
            is_alive = busy - busy_at >= BUSY_SECONDS and now - told_at >= ALIVE_SECONDS
            if is_news or is_alive:
                self._told, told_at, busy_at = self._state, now, busy
                try:
                    self._send({**self._told, "memory": memory})
                except OSError:
                    return  # nobody reads: the thread at stdin ends the process


def _larger(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else max(one, other)
