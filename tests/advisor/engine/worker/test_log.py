from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from advisor.engine.worker.log import CONT, ERROR, INFO, MAX_LINE_CHARS, MAX_LINES, WARN, EngineLog

DEBUG = 1


class Llama:
    """The two names of the bindings that the log needs."""

    def __init__(self) -> None:
        self.say: Callable[[int, bytes, Any], None] = lambda *_: None

    def llama_log_callback(
        self, callback: Callable[[int, bytes, Any], None]
    ) -> Callable[[int, bytes, Any], None]:
        return callback

    def llama_log_set(self, callback: Callable[[int, bytes, Any], None], _user_data: object) -> None:
        self.say = callback


@pytest.fixture
def llama() -> Llama:
    return Llama()


@pytest.fixture
def log(llama: Llama) -> EngineLog:
    return EngineLog(llama)


def test_debug_text_is_dropped_but_for_what_lies_where(llama: Llama, log: EngineLog) -> None:
    llama.say(DEBUG, b"llama_graph_n_input_tensors: input\n", None)
    llama.say(DEBUG, b"llama_kv_cache: layer   0: dev = CPU\n", None)
    llama.say(DEBUG, b"load_tensors: layer   0 assigned to device CPU, is_swa = 0\n", None)
    assert log.lines == [
        "llama_kv_cache: layer   0: dev = CPU",
        "load_tensors: layer   0 assigned to device CPU, is_swa = 0",
    ]


def test_a_fragment_continues_its_line(llama: Llama, log: EngineLog) -> None:
    llama.say(CONT, b"begins", None)
    llama.say(CONT, b" and ends\n", None)
    llama.say(INFO, b"next\n", None)
    assert log.lines == ["begins and ends", "next"]


def test_text_that_is_no_utf8_is_kept(llama: Llama, log: EngineLog) -> None:
    llama.say(INFO, b"\xff\n", None)
    assert log.lines == ["\ufffd"]


def test_a_flood_is_bounded(llama: Llama, log: EngineLog) -> None:
    for n in range(MAX_LINES + 10):
        llama.say(INFO, b"%d" % n + b"x" * 1000, None)
    assert len(log.lines) == MAX_LINES
    assert log.lines[0].startswith("10x")
    assert len(log.lines[0]) == MAX_LINE_CHARS
    llama.say(CONT, b"y" * 1000, None)
    assert len(log.lines[-1]) == MAX_LINE_CHARS


def test_errors_come_before_warnings(llama: Llama, log: EngineLog, capfd: pytest.CaptureFixture[str]) -> None:
    assert log.complaints == ()
    llama.say(WARN, b"careful\n", None)
    assert log.complaints == ("careful",)
    llama.say(ERROR, b"broken\n", None)
    llama.say(ERROR, b"gone\n", None)
    assert log.complaints == ("broken", "gone")
    assert capfd.readouterr().err == "careful\nbroken\ngone\n"


def test_a_new_question_starts_with_an_empty_log(llama: Llama, log: EngineLog) -> None:
    llama.say(INFO, b"old\n", None)
    log.start()
    assert log.lines == []
