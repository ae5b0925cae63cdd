"""Messages as lines, and what is none."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from advisor.engine.protocol import CloseModel, Hello, MakeContext, OpenModel
from advisor.engine.wire import Failure, Reply, decode, encode
from advisor.settings.load_settings import LoadSettings


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"Loading...\n",
        b"\xff\xfe\x00",
        b"{",
        b'{"id": 1, "answer": {}',
        b"[1, 2]\n",
        b"7\n",
        b"null\n",
        b'{"answer": {}}\n',
        b'{"id": "1", "answer": {}}\n',
        b'{"id": true, "answer": {}}\n',
        b'{"id": 1}\n',
        b'{"id": 1, "answer": []}\n',
        b"[" * 100_000,
    ],
)
def test_noise_is_not_a_reply(line: bytes) -> None:
    assert decode(line) is None


def test_an_answer_is_read_with_its_id() -> None:
    assert decode(b'{"id": 3, "answer": {"a": 1}}\n') == Reply(3, {"a": 1})


def test_an_error_is_read_with_its_lines() -> None:
    line = json.dumps({"id": 3, "error": {"kind": "engine", "message": "no", "lines": ["why"]}}).encode()
    assert decode(line) == Reply(3, {}, Failure("engine", "no", ("why",)))


def test_an_error_without_its_parts_is_still_an_error() -> None:
    assert decode(b'{"id": 0, "error": {"lines": 7}}') == Reply(0, {}, Failure("bug", "", ()))


@pytest.mark.parametrize(
    "request_", [Hello(7), OpenModel(path="m.gguf"), CloseModel(), MakeContext.of(LoadSettings(n_ctx=256))]
)
def test_a_request_is_one_line(request_: Hello | OpenModel | CloseModel | MakeContext) -> None:
    line = encode(5, request_)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    message = json.loads(line)
    assert message.pop("id") == 5
    assert message.pop("do") == request_.do
    assert set(message) == {field.name for field in fields(request_)}


def test_a_path_that_is_no_text_survives_the_pipe() -> None:
    path = b"m\xff.gguf".decode("utf-8", "surrogateescape")
    assert json.loads(encode(1, OpenModel(path=path)))["path"] == path


@pytest.mark.parametrize("event", [b"1", b"null", b"[]", b'"text"'])
def test_an_event_that_is_none_is_noise(event: bytes) -> None:
    assert decode(b'{"id": 3, "event": ' + event + b"}") is None


def test_an_event_is_not_an_answer() -> None:
    reply = decode(b'{"id": 3, "event": {"stage": "filling"}}')
    assert reply is not None
    assert (reply.id, reply.event, reply.answer, reply.failure) == (3, {"stage": "filling"}, {}, None)
    answer = decode(b'{"id": 3, "answer": {}}')
    assert answer is not None
    assert answer.event is None
