"""What a worker can do to a conversation: die, fall silent, talk nonsense, make noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.engine import child
from advisor.errors import EngineDied, EngineError, EngineMissing, EngineTimeout, EngineUnfit
from tests.support.conversations import CONTEXT, ask, conversing
from tests.support.engines import handling

pytestmark = pytest.mark.usefixtures("nothing_left")

STAGES = {"hello": "while starting", "context": "while making"}


def failure(directory: Path, body: str, do: str) -> EngineError:
    """What a worker's `body` at this question comes to; the worker is gone after it."""
    with conversing(handling(directory, f'if request["do"] == "{do}":\n    {body}')) as conversation:
        with pytest.raises(EngineError) as raised:
            ask(conversation)
        assert conversation.pid is None
    return raised.value


DEATHS: dict[str, tuple[str, type[EngineError], str]] = {
    "aborts": ("os.abort()", EngineDied, "engine-aborted"),
    "aborts-with-reason": (
        'sys.stderr.write("a.cpp:1: GGML_ASSERT(x > 0) failed\\n"); sys.stderr.flush(); os.abort()',
        EngineDied,
        "engine-aborted",
    ),
    "crashes": ("ctypes.string_at(0)", EngineDied, "engine-crashed"),
    "is-killed": ("os.kill(os.getpid(), signal.SIGKILL)", EngineDied, "engine-killed"),
    "exits": ("os._exit(3)", EngineDied, "engine-exited"),
    "exits-politely": ("sys.exit(0)", EngineDied, "engine-exited"),
    "dies-in-half-a-line": ('write(\'{"id": 2, "ans\'); os._exit(1)', EngineDied, "engine-exited"),
    "raises": ('raise RuntimeError("boom")', EngineDied, "engine-exited"),
    "answers-nonsense": (
        'send(request["id"], answer={"n_ctx": "many"}); return True',
        EngineUnfit,
        "engine-nonsense",
    ),
    "lacks-a-module": ("import llama_cpp_that_is_not_there", EngineMissing, "engine-missing"),
}


@pytest.mark.parametrize("do", STAGES)
@pytest.mark.parametrize("death", DEATHS)
def test_every_way_to_die_is_a_sentence(tmp_path: Path, death: str, do: str) -> None:
    body, leaf, code = DEATHS[death]
    error = failure(tmp_path, body, do)
    assert type(error) is leaf
    assert error.code == code
    assert STAGES[do] in error.message or leaf is EngineMissing


@pytest.mark.parametrize("do", STAGES)
def test_a_worker_that_lives_on_with_its_answers_closed_is_ended(
    tmp_path: Path, do: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.05)
    error = failure(tmp_path, "os.close(1); wait_forever()", do)
    assert type(error) is EngineDied
    assert error.code == "engine-closed"
    assert STAGES[do] in error.message


def test_the_reason_of_an_abort_is_told(tmp_path: Path) -> None:
    assert "x > 0" in failure(tmp_path, DEATHS["aborts-with-reason"][0], "hello").message


@pytest.mark.parametrize(
    "event",
    [
        '{"stage": 1}',
        '{**EVENT, "n_ctx": "many"}',
        '{**EVENT, "memory": []}',
        '{**EVENT, "memory": {**MEMORY, "devices": []}}',
    ],
)
def test_progress_that_is_none_is_nonsense(tmp_path: Path, event: str) -> None:
    body = f'if request["do"] == "context":\n    send(request["id"], event={event})'
    with conversing(handling(tmp_path, body)) as conversation:
        with pytest.raises(EngineUnfit, match="while making"):
            ask(conversation, CONTEXT, lambda _: None)
        assert conversation.pid is None


@pytest.mark.parametrize(
    "body",
    [
        "wait_forever()",
        'send(request["id"] + 1, answer={}); wait_forever()',
        'write(\'{"id": 1, "answer": {\'); wait_forever()',
        'write("noise\\n" * 1000); wait_forever()',
    ],
)
def test_silence_ends_at_the_deadline(tmp_path: Path, body: str) -> None:
    with conversing(handling(tmp_path, f'if request["do"] == "context":\n    {body}')) as conversation:
        with pytest.raises(EngineTimeout, match="while making"):
            ask(conversation, replace(CONTEXT, seconds=0.1))
        assert conversation.pid is None


@pytest.mark.parametrize(
    "noise",
    [
        'write("Welcome!\\n")',
        'write("{}\\n[]\\nnull\\n")',
        'sys.stdout.buffer.write(b"\\xff\\xfe\\n"); sys.stdout.flush()',
        'send(-5, answer={"late": 1}); send(77, error={"kind": "engine"})',
        'write("x" * 100_000 + "\\n")',
        'sys.stderr.write("e" * 1_000_000); sys.stderr.flush()',
    ],
)
def test_noise_before_the_answer_is_passed_over(tmp_path: Path, noise: str) -> None:
    with conversing(handling(tmp_path, noise)) as conversation:
        assert ask(conversation).n_ctx == 4096


def test_an_answer_in_two_halves_is_one_answer(tmp_path: Path) -> None:
    body = """
    line = json.dumps({"id": request["id"], "answer": HEALTHY[request["do"]]})
    write(line[:9])
    threading.Event().wait(0.05)
    write(line[9:] + "\\n")
    return True
    """
    with conversing(handling(tmp_path, body)) as conversation:
        assert ask(conversation).n_ctx == 4096
