from __future__ import annotations

import queue
import threading
from typing import Any

from advisor.engine.worker.watch import Watch, watching


def test_what_is_being_done_is_told_with_the_memory() -> None:
    told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    with watching(told.put, lambda: {"GPU0": 7}, n_ctx=4096) as watch:
        watch.now(stage="filling", n_filled=512)
        first = told.get(timeout=30)
        watch.now(n_filled=1024)
        second = told.get(timeout=30)
    assert (first["stage"], first["n_ctx"], first["n_filled"]) == ("filling", 4096, 512)
    assert first["memory"]["devices"] == {"GPU0": 7}
    assert first["memory"]["rss_bytes"]
    assert (second["stage"], second["n_filled"]) == ("filling", 1024)


def test_one_who_waits_is_silent_and_one_who_works_is_not() -> None:
    told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    with watching(told.put, dict) as watch:
        watch.now(stage="filling")
        told.get(timeout=30)
        while told.empty():  # work: the next line comes though nothing has changed
            sum(range(10000))
        assert told.get()["stage"] == "filling"


def test_the_most_is_of_each_figure_and_the_least_of_what_is_free() -> None:
    free = iter([{"GPU0": 9, "GPU1": 5}, {"GPU0": 3, "GPU1": 8}, {"GPU0": 6, "GPU1": 6}])
    watch = Watch(lambda _: None, lambda: next(free))
    watch.take()
    taken = watch.take()
    most = watch.most()
    assert taken["devices"] == {"GPU0": 3, "GPU1": 8}
    assert most["devices"] == {"GPU0": 3, "GPU1": 5}
    assert most["peak_rss_bytes"] >= most["rss_bytes"] >= taken["rss_bytes"]


def test_a_parent_that_is_gone_ends_the_watch_and_nothing_else() -> None:
    tried = threading.Event()

    def broken(_event: dict[str, Any]) -> None:
        tried.set()
        raise BrokenPipeError

    with watching(broken, dict) as watch:
        watch.now(stage="loading")
        assert tried.wait(30)
