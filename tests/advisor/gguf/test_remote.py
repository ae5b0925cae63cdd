"""A header read from a server: every way in which one can misbehave, then how it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.errors import GgufError, OutputError
from advisor.gguf import read_header, remote
from advisor.gguf.address import model_url
from advisor.gguf.remote import read_remote, write_heads
from tests.support.gguf_bytes import Array, GgufBytes, TensorSpec
from tests.support.range_server import Handler, Misdeed, send, send_part, serving

METADATA = {"general.architecture": "llama", "llama.block_count": 1}


def a_file(**more: object) -> bytes:
    return GgufBytes({**METADATA, **more}, [TensorSpec("a.weight", (32, 64))]).build()


def whole_file(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 200, content)


def web_page(handler: Handler, start: int, end: int, content: bytes) -> None:
    page = b"<!DOCTYPE html><html><title>Sign in</title></html>"
    send(handler, 206, page, **{"Content-Range": f"bytes 0-{len(page) - 1}/{len(page)}"})


def cut_off(handler: Handler, start: int, end: int, content: bytes) -> None:
    handler.send_response(206)
    handler.send_header("Content-Length", str(end - start))
    handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
    handler.end_headers()
    handler.wfile.write(content[start : start + 10])


def another_part(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 206, b"x" * 10, **{"Content-Range": f"bytes {start + 1}-{start + 10}/{len(content)}"})


def more_than_asked(handler: Handler, start: int, end: int, content: bytes) -> None:
    huge = 10**15
    send(handler, 206, b"GGUF", **{"Content-Range": f"bytes {start}-{huge - 1}/{huge}"})


def no_content_range(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 206, content[start:end])


def endless_digits(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 206, b"GGUF", **{"Content-Range": f"bytes 0-3/{'9' * 5000}"})


def backwards(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 206, b"", **{"Content-Range": f"bytes 5-1/{len(content)}"})


def loop(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 302, b"", Location=handler.path)


def to_plain_http(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 302, b"", Location="http://example.invalid/model.gguf")


def to_a_file(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 302, b"", Location="file:///etc/passwd")


def forbidden(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 401, b"")


def out_of_order(handler: Handler, start: int, end: int, content: bytes) -> None:
    send(handler, 503, b"")


def hangs_up(handler: Handler, start: int, end: int, content: bytes) -> None:
    handler.connection.close()


def not_http(handler: Handler, start: int, end: int, content: bytes) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")


@pytest.mark.parametrize(
    ("misdeed", "code"),
    [
        (whole_file, "no-ranges"),
        (web_page, "not-gguf"),
        (cut_off, "bad-answer"),
        (another_part, "bad-answer"),
        (more_than_asked, "bad-answer"),
        (no_content_range, "bad-answer"),
        (endless_digits, "bad-answer"),
        (backwards, "bad-answer"),
        (loop, "no-answer"),
        (to_plain_http, "bad-answer"),
        (to_a_file, "no-answer"),
        (forbidden, "forbidden"),
        (out_of_order, "no-answer"),
        (hangs_up, "no-answer"),
        (not_http, "no-answer"),
    ],
)
def test_a_server_that_misbehaves_is_refused_in_a_sentence(misdeed: Misdeed, code: str) -> None:
    with serving({"/model.gguf": a_file()}, misdeed) as server, pytest.raises(GgufError) as caught:
        read_remote(f"{server.address}/model.gguf", environment={})
    assert caught.value.code == code
    assert caught.value.message.endswith(".")
    assert caught.value.hint


def test_a_file_that_is_not_there() -> None:
    with serving({}) as server, pytest.raises(GgufError) as caught:
        read_remote(f"{server.address}/model.gguf", environment={})
    assert caught.value.code == "not-found"


def test_nobody_listens() -> None:
    with serving({}) as server:
        address = server.address
    with pytest.raises(GgufError) as caught:
        read_remote(f"{address}/model.gguf", environment={})
    assert caught.value.code == "no-answer"


def test_a_slow_server_is_given_up() -> None:
    times = iter([0.0, 1.0, 1000.0])
    content = a_file(**{"tokenizer.ggml.tokens": Array(8, ["x" * 100] * 9000)})
    with serving({"/model.gguf": content}) as server, pytest.raises(GgufError) as caught:
        read_remote(f"{server.address}/model.gguf", environment={}, clock=lambda: next(times))
    assert caught.value.code == "no-answer"


def test_a_file_that_changes_between_two_requests() -> None:
    content = a_file(**{"tokenizer.ggml.tokens": Array(8, ["x" * 100] * 9000)})

    def changing(handler: Handler, start: int, end: int, content: bytes) -> None:
        longer = content + b"\0" if start else content
        send_part(handler, start, end, longer)

    with serving({"/model.gguf": content}, changing) as server, pytest.raises(GgufError) as caught:
        read_remote(f"{server.address}/model.gguf", environment={})
    assert caught.value.code == "bad-answer"


def test_a_server_that_sends_nothing_more_is_not_asked_for_ever() -> None:
    content = a_file(**{"tokenizer.ggml.tokens": Array(8, ["x" * 100] * 9000)})

    def ending(url: str, start: int, n_bytes: int, seconds: float, *, token: str | None) -> remote.Answer:
        return remote.Answer(b"" if start else content[:n_bytes], len(content))

    with pytest.raises(GgufError, match="stopped sending after") as caught:
        read_remote("https://example.org/m.gguf", environment={}, transport=ending)
    assert caught.value.code == "truncated"


def test_the_header_is_that_of_the_file(tmp_path: Path) -> None:
    content = a_file(**{"tokenizer.ggml.tokens": Array(8, ["word"] * 40_000)})
    (tmp_path / "model.gguf").write_bytes(content)
    here = read_header(tmp_path / "model.gguf")
    with serving({"/a/model.gguf": content}) as server:
        there = read_remote(f"{server.address}/a/model.gguf?download=true", environment={})
    assert there.header.metadata == here.metadata
    assert there.header.tensors == here.tensors
    assert there.header.file_bytes == here.file_bytes
    assert [path for path, _ in server.requests] == ["/a/model.gguf?download=true"]


def test_only_the_header_of_a_large_file_is_fetched() -> None:
    content = a_file() + bytes(20 * 1024 * 1024)
    with serving({"/model.gguf": content}) as server:
        there = read_remote(f"{server.address}/model.gguf", environment={})
    assert there.fetched_bytes == remote.FIRST_BLOCK_BYTES
    assert there.header.file_bytes == len(content)


def test_the_parts_of_a_split_model_are_joined(tmp_path: Path) -> None:
    parts = {}
    for index, name in enumerate(("a.weight", "b.weight")):
        keys = {**METADATA, "split.count": 2, "split.no": index, "split.tensors.count": 2}
        part = GgufBytes(keys, [TensorSpec(name, (32, 64))]).build()
        parts[f"/m-0000{index + 1}-of-00002.gguf"] = part
    with serving(parts) as server:
        there = read_remote(f"{server.address}/m-00002-of-00002.gguf", environment={})
    assert [tensor.name for tensor in there.header.tensors] == ["a.weight", "b.weight"]
    first = write_heads(there, tmp_path)
    assert read_header(first).tensors == there.header.tensors
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == there.header.file_bytes


def test_the_token_goes_to_hugging_face_alone() -> None:
    with serving({"/model.gguf": a_file()}) as server:
        read_remote(f"{server.address}/model.gguf", environment={"HF_TOKEN": "secret"})
    assert all("Authorization" not in headers for _, headers in server.requests)
    seen = []

    def transport(url: str, start: int, n_bytes: int, seconds: float, *, token: str | None) -> remote.Answer:
        seen.append(token)
        content = a_file()
        return remote.Answer(content[start : start + n_bytes], len(content))

    read_remote(model_url("hf:o/r/m.gguf"), environment={"HF_TOKEN": "secret"}, transport=transport)
    assert seen == ["secret"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with serving({"/model.gguf": a_file()}) as server:
        there = read_remote(f"{server.address}/model.gguf", environment={})
    with pytest.raises(OutputError):
        write_heads(there, tmp_path / "nowhere")
