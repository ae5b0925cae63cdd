from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from advisor.errors import GgufError
from advisor.gguf import read_header, source
from advisor.gguf.source import Cursor, FileSource
from tests.support.gguf_bytes import BytesSource, GgufBytes

Refuse = Callable[..., GgufError]
CheckError = Callable[[GgufError], None]


def strings(texts: list[bytes]) -> bytes:
    return b"".join(len(text).to_bytes(8, "little") + text for text in texts)


def test_a_missing_file_is_named_with_its_folder(refuse: Refuse, tmp_path: Path) -> None:
    error = refuse(tmp_path / "model.gguf", "not-found")
    assert error.message.startswith("model.gguf was not found in ")
    assert str(tmp_path) in error.message


def test_a_file_used_as_a_folder(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    refuse(tmp_path / "file" / "model.gguf", "unreadable")


def test_a_link_to_nothing(refuse: Refuse, tmp_path: Path) -> None:
    link = tmp_path / "model.gguf"
    link.symlink_to(tmp_path / "gone")
    assert "is a link to a file that does not exist" in refuse(link, "not-found").message


def test_a_link_to_itself(refuse: Refuse, tmp_path: Path) -> None:
    link = tmp_path / "model.gguf"
    link.symlink_to(link)
    refuse(link, "unreadable")


def test_a_link_to_a_model_is_followed(tmp_path: Path) -> None:
    blob = GgufBytes({"general.name": "x"}).write(tmp_path / "blob")
    link = tmp_path / "model.gguf"
    link.symlink_to(blob)
    assert read_header(link).path == link


def test_a_folder(refuse: Refuse, tmp_path: Path) -> None:
    folder = tmp_path / "model.gguf"
    folder.mkdir()
    assert refuse(folder, "is-directory").message == "model.gguf is a folder, not a model file."


def test_an_impossible_path(refuse: Refuse, tmp_path: Path) -> None:
    refuse(tmp_path / "model\0.gguf", "unreadable")
    refuse(tmp_path / ("model" * 1000), "unreadable")


def test_control_characters_in_a_name_are_not_shown(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "model\x1b[2J\n.gguf"
    path.write_bytes(b"")
    assert refuse(path, "empty-file").message == r"model\x1b[2J\x0a.gguf is empty."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(refuse: Refuse, tmp_path: Path) -> None:
    pipe = tmp_path / "model.gguf"
    os.mkfifo(pipe)
    refuse(pipe, "not-a-file")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no socket files")
def test_a_socket(refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("model.gguf")
        refuse(tmp_path / "model.gguf", "not-a-file")


def test_a_device(refuse: Refuse) -> None:
    refuse(Path(os.devnull), "not-a-file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_takes_the_place_of_the_file(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    real_open = os.open

    def swap_then_open(name: str, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real_open(name, flags)

    monkeypatch.setattr(os, "open", swap_then_open)
    refuse(path, "not-a-file")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "unreadable"),
        (errno.ENOENT, "not-found"),
        (errno.EISDIR, "is-directory"),
        (errno.EIO, "unreadable"),
        (errno.EMFILE, "unreadable"),
        (errno.ENOMEM, "unreadable"),
        (errno.ETIMEDOUT, "unreadable"),
    ],
)
def test_opening_fails(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    path = GgufBytes().write(tmp_path / "model.gguf")
    monkeypatch.setattr(source, "FileIO", fail)
    error = refuse(path, code)
    assert isinstance(error.__cause__, OSError)


def test_opening_fails_without_a_reason(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError

    path = GgufBytes().write(tmp_path / "model.gguf")
    monkeypatch.setattr(source, "FileIO", fail)
    assert refuse(path, "unreadable").message == "model.gguf cannot be read: OSError."


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_reading_fails(refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    class BrokenDisk(FileIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(number, os.strerror(number))

    path = GgufBytes().write(tmp_path / "model.gguf")
    monkeypatch.setattr(source, "FileIO", BrokenDisk)
    refuse(path, "unreadable")


def test_a_file_that_gives_its_bytes_in_small_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowDisk(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 5)) or b""

    path = GgufBytes({"general.name": "x" * 100}).write(tmp_path / "model.gguf")
    monkeypatch.setattr(source, "FileIO", SlowDisk)
    assert read_header(path).metadata == {"general.name": "x" * 100}


def test_a_file_that_becomes_shorter_while_it_is_read(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", 64)
    path = GgufBytes({"general.name": "x" * 1000}).write(tmp_path / "model.gguf")

    class ShrinkingFile(FileIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            os.truncate(path, 80)
            return super().seek(offset, whence)

    monkeypatch.setattr(source, "FileIO", ShrinkingFile)
    assert "became shorter" in refuse(path, "truncated").message


def test_the_file_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    with FileSource(path) as opened:
        assert opened.read_at(0, 4) == b"GGUF"
        assert opened.size_bytes == 4
    with pytest.raises(ValueError, match="closed"):
        opened.read_at(0, 4)


class TestCursor:
    def test_numbers_in_both_byte_orders(self) -> None:
        cursor = Cursor(BytesSource(bytes(range(24))))
        assert cursor.u32() == 0x03020100
        cursor.byte_order = "big"
        assert cursor.u32() == 0x04050607
        assert cursor.u64() == 0x08090A0B0C0D0E0F
        assert (cursor.position, cursor.remaining) == (16, 8)

    def test_peeking_does_not_move(self) -> None:
        cursor = Cursor(BytesSource(b"abc"))
        assert cursor.peek(2) == b"ab"
        assert cursor.peek(10) == b"abc"
        assert cursor.take(3) == b"abc"
        assert cursor.peek(10) == b""

    def test_reading_past_the_end_names_what_was_read(self, check_error: CheckError) -> None:
        cursor = Cursor(BytesSource(b"abc"))
        cursor.reading = 'the value of "x"'
        with pytest.raises(GgufError) as caught:
            cursor.take(4)
        check_error(caught.value)
        assert caught.value.message == (
            'model.gguf is incomplete: the value of "x" needs 4 bytes from byte 0 on, '
            "but the file has only 3 left."
        )

    @pytest.mark.parametrize("chunk_bytes", [8, 9, 16, 100, 4096])
    def test_strings_are_walked_across_chunks(
        self, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(source, "CHUNK_BYTES", chunk_bytes)
        content = strings([b"x" * (n * 7 % 40) for n in range(200)])
        cursor = Cursor(BytesSource(content + b"after"))
        cursor.skip_strings(200)
        assert cursor.position == len(content)
        assert cursor.take(5) == b"after"

    @pytest.mark.parametrize("cut", range(1, 30))
    def test_strings_that_end_early(
        self, cut: int, check_error: CheckError, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(source, "CHUNK_BYTES", 16)
        content = strings([b"abc", b"", b"defg"])
        cursor = Cursor(BytesSource(content[:-cut]))
        with pytest.raises(GgufError) as caught:
            cursor.skip_strings(3)
        check_error(caught.value)
        assert caught.value.code == "truncated"

    @pytest.mark.parametrize("length", [2**63, 2**64 - 1])
    def test_a_string_longer_than_any_number_of_bytes(self, length: int, check_error: CheckError) -> None:
        cursor = Cursor(BytesSource(length.to_bytes(8, "little") + strings([b"x"] * 9)))
        with pytest.raises(GgufError) as caught:
            cursor.skip_strings(9)
        check_error(caught.value)

    def test_a_header_above_the_limit(self, monkeypatch: pytest.MonkeyPatch, check_error: CheckError) -> None:
        monkeypatch.setattr(source, "MAX_HEADER_BYTES", 100)
        cursor = Cursor(BytesSource(bytes(200)))
        cursor.skip(100)
        with pytest.raises(GgufError) as caught:
            cursor.take(1)
        check_error(caught.value)
        assert caught.value.code == "hostile"

    def test_skipping_reads_nothing(self) -> None:
        reads = []

        class Watched(BytesSource):
            def read_at(self, offset: int, n_bytes: int) -> bytes:
                reads.append(offset)
                return super().read_at(offset, n_bytes)

        cursor = Cursor(Watched(bytes(2_000_000) + b"end"))
        cursor.skip(2_000_000)
        assert cursor.take(3) == b"end"
        assert reads == [2_000_000]
