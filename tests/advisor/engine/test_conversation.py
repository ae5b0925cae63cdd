"""One worker that is kept, and one call at a time: turns, progress, cancelling, idleness, the end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.engine import child
from advisor.engine.proof import Progress
from advisor.errors import Cancelled, EngineMissing, EngineRefused, EngineTimeout, EngineUnfit
from tests.support.conversations import CONTEXT, HELLO, Clock, ask, conversing
from tests.support.engines import Meeting, ends_with, handling, kill, script

pytestmark = pytest.mark.usefixtures("nothing_left")

TELLING = 'if request["do"] == "context":\n    for _ in range(12): send(request["id"], event=EVENT)\n'


def test_who_has_not_started_a_worker_cannot_ask_it(tmp_path: Path) -> None:
    with (
        conversing(handling(tmp_path, "pass")) as conversation,
        conversation.turn(),
        pytest.raises(RuntimeError, match="not started"),
    ):
        conversation.ask(CONTEXT)


def test_a_worker_is_started_once_and_kept(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        assert conversation.pid is None
        assert not conversation.is_running
        with conversation.turn():
            info = conversation.started()
            assert info.binding == "0.0.1"
            pid = conversation.pid
            assert pid is not None
            assert conversation.started() is info
            assert conversation.ask(HELLO) == info
            assert conversation.is_running
            assert conversation.pid == pid
        assert ask(conversation).n_ctx == 4096
        assert conversation.pid == pid


def test_what_a_worker_held_is_forgotten_with_it(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        ask(conversation)
        conversation.model = "a model"
        ask(conversation)
        assert conversation.model == "a model"
        with conversation.turn():
            conversation.end()
        assert conversation.model is None
        assert conversation.pid is None
        with conversation.turn():
            conversation.end()


def test_a_worker_that_died_between_two_questions_is_replaced(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        ask(conversation)
        conversation.model = "a model"
        pid = conversation.pid
        assert pid is not None
        assert kill(pid)
        assert not conversation.is_running
        assert ask(conversation).n_ctx == 4096
        assert conversation.pid != pid
        assert conversation.model is None


def test_a_refusal_leaves_the_worker_alive(tmp_path: Path) -> None:
    body = 'if request["do"] == "context":\n    return refuse(request, "engine", "no", ["f: too large"])'
    with conversing(handling(tmp_path, body)) as conversation, conversation.turn():
        conversation.started()
        pid = conversation.pid
        conversation.model = "a model"
        with pytest.raises(EngineRefused, match="too large"):
            conversation.ask(CONTEXT)
        assert conversation.pid == pid
        assert conversation.model == "a model"


def test_a_worker_that_could_not_start_is_given_up(tmp_path: Path) -> None:
    body = 'send(0, error={"kind": "unfit", "message": "Python 3.6 is too old."})\nsys.stdin.readline()'
    with conversing(script(tmp_path, body)) as conversation:
        for _ in range(2):
            with pytest.raises(EngineUnfit, match="Python 3"):
                ask(conversation)
            assert conversation.pid is None


@pytest.mark.parametrize("python", ["/no/such/python", "/", "nul\0byte"])
def test_a_python_that_cannot_be_run_is_no_engine(tmp_path: Path, python: str) -> None:
    launch = replace(handling(tmp_path, "pass"), python=python)
    with conversing(launch) as conversation, pytest.raises(EngineMissing, match="could not be started"):
        ask(conversation)


# ---- turns --------------------------------------------------------------------------------------------


def test_threads_take_turns(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(conversation).n_ctx)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [4096] * 8


def test_an_idle_worker_is_retired_a_busy_one_is_not(tmp_path: Path) -> None:
    clock = Clock()
    with conversing(handling(tmp_path, "pass"), clock) as conversation:
        assert conversation.idle_seconds is None
        assert not conversation.retire_if_idle(0)
        ask(conversation)
        clock.now = 19.0
        assert conversation.idle_seconds == 19.0
        assert not conversation.retire_if_idle(20)
        with conversation.turn():
            clock.now = 39.0
            assert conversation.idle_seconds is None
            assert not conversation.retire_if_idle(0)
        assert conversation.idle_seconds == 0.0
        assert not conversation.retire_if_idle(20)
        clock.now = 59.0
        assert conversation.retire_if_idle(20)
        assert conversation.pid is None


# ---- what a worker tells before its answer --------------------------------------------------------------


def test_progress_comes_before_the_answer(tmp_path: Path) -> None:
    news: list[Progress] = []
    with conversing(handling(tmp_path, TELLING)) as conversation:
        assert ask(conversation, CONTEXT, news.append).n_ctx == 4096
        assert [progress.n_filled for progress in news] == [512] * 12
        assert ask(conversation).n_ctx == 4096  # and nobody has to listen


def test_progress_counts_as_life(tmp_path: Path) -> None:
    clock = Clock()

    def wait(_progress: Progress) -> None:
        clock.now += 0.6

    with conversing(handling(tmp_path, TELLING), clock) as conversation:
        assert ask(conversation, replace(CONTEXT, silence_seconds=1.0), wait).n_ctx == 4096
    assert clock.now > 7


def test_even_a_talkative_worker_has_a_deadline(tmp_path: Path) -> None:
    clock = Clock()

    def wait(_progress: Progress) -> None:
        clock.now += 6.0

    with conversing(handling(tmp_path, TELLING), clock) as conversation:
        with pytest.raises(EngineTimeout, match="within 60 seconds"):
            ask(conversation, replace(CONTEXT, silence_seconds=30.0), wait)
        assert conversation.pid is None
    assert clock.now == 60


def test_silence_is_shorter_than_the_deadline(tmp_path: Path) -> None:
    clock = Clock()

    def wait(_progress: Progress) -> None:
        clock.now += 31.0

    with (
        conversing(handling(tmp_path, TELLING), clock) as conversation,
        pytest.raises(EngineTimeout, match="within 30 seconds"),
    ):
        ask(conversation, replace(CONTEXT, silence_seconds=30.0), wait)


def test_an_error_of_the_listener_is_its_own(tmp_path: Path) -> None:
    def fail(_progress: Progress) -> None:
        raise TypeError("mine")

    with conversing(handling(tmp_path, TELLING)) as conversation:
        with pytest.raises(TypeError, match="mine"):
            ask(conversation, CONTEXT, fail)
        assert conversation.pid is None


# ---- cancelling -----------------------------------------------------------------------------------------


def test_a_call_is_cancelled_from_another_thread(tmp_path: Path) -> None:
    here = Meeting(tmp_path)
    body = f'if request["do"] == "context":\n    {here.line}\n    wait_forever()'
    with conversing(handling(tmp_path, body)) as conversation:
        with here.then(conversation.cancel), pytest.raises(Cancelled):
            ask(conversation)
        assert conversation.pid is None
        with conversation.turn():
            assert conversation.started().binding == "0.0.1"


def test_a_call_that_is_cancelled_before_its_worker_runs_asks_nothing(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    with conversing(handling(tmp_path, f"open({str(asked)!r}, 'w')")) as conversation:
        with conversation.turn():
            conversation.cancel()
            with pytest.raises(Cancelled):
                conversation.started()
        assert conversation.pid is None
    assert not asked.exists()


def test_a_call_that_is_cancelled_between_its_questions_ends_its_worker(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        with conversation.turn():
            conversation.started()
            conversation.cancel()
        assert conversation.pid is None


def test_a_listener_may_cancel(tmp_path: Path) -> None:
    news: list[Progress] = []
    all_is_told = threading.Event()

    def stop(progress: Progress) -> None:
        news.append(progress)
        assert all_is_told.wait(60)
        conversation.cancel()

    here = Meeting(tmp_path)
    body = f"{TELLING}    {here.line}\n    wait_forever()"
    with conversing(handling(tmp_path, body)) as conversation:
        with here.then(all_is_told.set), pytest.raises(Cancelled):
            ask(conversation, CONTEXT, stop)
        assert conversation.pid is None
    assert len(news) == 1  # and hears no more


def test_cancelling_nothing_does_nothing(tmp_path: Path) -> None:
    with conversing(handling(tmp_path, "pass")) as conversation:
        conversation.cancel()
        ask(conversation)
        pid = conversation.pid
        conversation.cancel()
        assert ask(conversation).n_ctx == 4096
        assert conversation.pid == pid


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler: a test run that a shell put into the background ignores interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_worker(tmp_path: Path) -> None:
    body = f'if request["do"] == "context":\n    os.kill({os.getpid()}, signal.SIGINT)\n    wait_forever()'
    with conversing(handling(tmp_path, body)) as conversation:
        with pytest.raises(KeyboardInterrupt):
            ask(conversation)
        assert conversation.pid is None


# ---- the end --------------------------------------------------------------------------------------------


def test_a_worker_that_ignores_the_end_of_its_input_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.05)
    body = "def handle(request):\n    send(request['id'], answer=HELLO)\n    wait_forever()\nserve(handle)"
    with conversing(script(tmp_path, body)) as conversation, conversation.turn():
        assert conversation.started().binding == "0.0.1"


def test_a_worker_ends_with_the_program(tmp_path: Path) -> None:
    assert ends_with(
        "import sys\n"
        "from advisor.engine.launch import Launch\n"
        "from tests.support.conversations import ask, conversing\n"
        "from pathlib import Path\n"
        f"with conversing(Launch(worker=Path({str(handling(tmp_path, 'pass').worker)!r}))) as conversation:\n"
        "    ask(conversation)\n"
        "    print(conversation.pid, flush=True)\n    sys.stdin.read()\n"
    )
