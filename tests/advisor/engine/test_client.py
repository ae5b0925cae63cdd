"""Dry questions to made-up workers: which requests are sent, and which model is open after what."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.launch import Launch
from advisor.engine.protocol import OpenModel
from advisor.errors import Cancelled, EngineDied, EngineRefused
from advisor.settings.load_settings import LoadSettings
from tests.support.conversations import Clock
from tests.support.engines import Meeting, handling, kill

pytestmark = pytest.mark.usefixtures("nothing_left")

SETTINGS = LoadSettings(n_ctx=4096)
MODEL = OpenModel(path="model.gguf")


def counting(directory: Path, body: str = "pass") -> Launch:
    """A worker that does `body` with each request and keeps account of them; see `_log`."""
    account = f"""
with open({str(directory / "log")!r}, "a") as log:
    print(request["do"], request.get("n_gpu_layers", ""), file=log)
"""
    return handling(directory, account + body)


def _log(directory: Path) -> list[str]:
    return (directory / "log").read_text().split()


def test_answers_are_read(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        assert client.hello().binding == "0.0.1"
        assert client.open(MODEL).n_ctx_train == 4096
        answer = client.context(SETTINGS)
        assert answer.n_ctx == 4096
        assert answer.buffers is not None
        assert answer.buffers[0].compute_bytes == 3


def test_a_greeting_is_asked_for_again_since_free_memory_changes(tmp_path: Path) -> None:
    with EngineClient(counting(tmp_path)) as client:
        assert client.hello() == client.hello()
        client.context(SETTINGS)
    assert _log(tmp_path) == ["hello", "hello", "context"]


# ---- the open model -----------------------------------------------------------------------------------


def test_one_process_and_one_open_model_answer_many_questions(tmp_path: Path) -> None:
    with EngineClient(counting(tmp_path)) as client:
        for n_ctx in (256, 512, 1024):
            client.open(MODEL)
            client.context(SETTINGS.with_n_ctx(n_ctx))
    assert _log(tmp_path) == ["hello", "open", "0", "context", "context", "context"]


def test_another_placement_opens_the_model_again(tmp_path: Path) -> None:
    with EngineClient(counting(tmp_path)) as client:
        client.open(MODEL)
        client.open(OpenModel(path="model.gguf", n_gpu_layers=5))
    assert _log(tmp_path) == ["hello", "open", "0", "open", "5"]


def test_a_file_that_changed_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"1")
    with EngineClient(counting(tmp_path)) as client:
        client.open(OpenModel(path=str(file)))
        file.write_bytes(b"22")
        client.open(OpenModel(path=str(file)))
    assert _log(tmp_path) == ["hello", "open", "0", "open", "0"]


def test_a_closed_model_is_not_opened_again(tmp_path: Path) -> None:
    with EngineClient(counting(tmp_path)) as client:
        client.open(MODEL)
        client.close_model()
        client.close_model()
        client.context(SETTINGS)
    assert _log(tmp_path) == ["hello", "open", "0", "close", "context"]


def test_a_model_that_was_refused_is_asked_for_again(tmp_path: Path) -> None:
    body = 'if request["do"] == "open": return refuse(request, "engine", "no", ["f: too large"])'
    with EngineClient(counting(tmp_path, body)) as client:
        for _ in range(2):
            with pytest.raises(EngineRefused, match="too large"):
                client.open(MODEL)
        assert client.pid is not None
    assert _log(tmp_path) == ["hello", "open", "0", "open", "0"]


def test_a_model_is_opened_again_after_another_was_refused(tmp_path: Path) -> None:
    body = 'if request.get("n_gpu_layers") == 5: return refuse(request, "engine", "no")'
    with EngineClient(counting(tmp_path, body)) as client:
        client.open(MODEL)
        with pytest.raises(EngineRefused):
            client.open(OpenModel(path="model.gguf", n_gpu_layers=5))
        client.open(MODEL)
    assert _log(tmp_path) == ["hello", "open", "0", "open", "5", "open", "0"]


def test_a_refusal_leaves_the_process_alive(tmp_path: Path) -> None:
    body = 'if request["do"] == "context":\n    return refuse(request, "engine", "no", ["f: too large"])'
    with EngineClient(handling(tmp_path, body)) as client:
        client.hello()
        pid = client.pid
        with pytest.raises(EngineRefused, match="too large"):
            client.context(SETTINGS)
        assert client.pid == pid


# ---- the process --------------------------------------------------------------------------------------


def test_after_a_death_the_next_question_is_answered_with_the_model_open(tmp_path: Path) -> None:
    body = 'if request["do"] == "context" and request["n_ctx"] == 512: os.abort()'
    with EngineClient(counting(tmp_path, body)) as client:
        client.open(MODEL)
        with pytest.raises(EngineDied):
            client.context(SETTINGS.with_n_ctx(512))
        assert client.context(SETTINGS).n_ctx == 4096
    assert _log(tmp_path) == ["hello", "open", "0", "context", "hello", "open", "0", "context"]


def test_a_process_that_died_between_two_questions_is_replaced(tmp_path: Path) -> None:
    with EngineClient(counting(tmp_path)) as client:
        client.open(MODEL)
        pid = client.pid
        assert pid is not None
        assert kill(pid)
        assert client.context(SETTINGS).n_ctx == 4096
        assert client.pid != pid
    assert _log(tmp_path) == ["hello", "open", "0", "hello", "open", "0", "context"]


def test_an_idle_process_is_retired_and_comes_back(tmp_path: Path) -> None:
    clock = Clock()
    with EngineClient(counting(tmp_path), clock=clock) as client:
        assert client.idle_seconds is None
        assert not client.retire_if_idle(20)
        client.open(MODEL)
        clock.now = 19.0
        assert client.idle_seconds == 19.0
        assert not client.retire_if_idle(20)
        client.context(SETTINGS)
        clock.now = 38.0
        assert not client.retire_if_idle(20)
        clock.now = 39.0
        assert client.retire_if_idle(20)
        assert client.pid is None
        assert not client.retire_if_idle(20)
        assert client.context(SETTINGS).n_ctx == 4096
    assert _log(tmp_path) == ["hello", "open", "0", "context", "hello", "open", "0", "context"]


def test_a_busy_process_is_not_retired(tmp_path: Path) -> None:
    idle: list[float | None] = []
    retired: list[bool] = []

    def look() -> None:
        idle.append(client.idle_seconds)
        retired.append(client.retire_if_idle(0))
        client.cancel()

    here = Meeting(tmp_path)
    body = f'if request["do"] == "context":\n    {here.line}\n    wait_forever()'
    with EngineClient(handling(tmp_path, body)) as client, here.then(look), pytest.raises(Cancelled):
        client.context(SETTINGS)
    assert (idle, retired) == ([None], [False])


def test_a_call_is_cancelled_from_another_thread(tmp_path: Path) -> None:
    here = Meeting(tmp_path)
    body = f'if request["do"] == "context":\n    {here.line}\n    wait_forever()'
    with EngineClient(handling(tmp_path, body)) as client:
        with here.then(client.cancel), pytest.raises(Cancelled):
            client.context(SETTINGS)
        assert client.pid is None
        assert client.hello().binding == "0.0.1"


def test_cancelling_nothing_does_nothing(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        client.cancel()
        client.hello()
        pid = client.pid
        client.cancel()
        assert client.hello().binding == "0.0.1"
        assert client.pid == pid


def test_threads_take_turns(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.context(SETTINGS).n_ctx)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [4096] * 8


def test_a_closed_client_can_be_asked_again(tmp_path: Path) -> None:
    client = EngineClient(counting(tmp_path))
    client.close()
    client.open(MODEL)
    client.close()
    client.close()
    assert client.pid is None
    client.context(SETTINGS)
    client.close()
    assert _log(tmp_path) == ["hello", "open", "0", "hello", "context"]
