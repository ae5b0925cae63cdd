"""Where header bytes come from, and a cursor that reads them forward in large pieces.

Buffered reads, not mmap: a file that is truncated while it is mapped kills the process (SIGBUS).
"""

from __future__ import annotations

import os
import stat
import struct
from io import FileIO
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from advisor.errors import GgufError
from advisor.gguf import refusals
from advisor.gguf.limits import MAX_HEADER_BYTES
from advisor.printable import printable

CHUNK_BYTES = 256 * 1024


class Source(Protocol):
    """Bytes that a header can be read from: a local file, or a part of one elsewhere.

    `name` is what messages call it, `size_bytes` the size of the whole file. `read_at` returns `n_bytes`
    bytes from `offset`, fewer only where the source ends, and raises nothing but GgufError. Offsets only
    grow from call to call.
    """

    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    def read_at(self, offset: int, n_bytes: int) -> bytes: ...


class FileSource:
    """A local file, open for reading. Use as a context manager.

    Raises GgufError: not-found, is-directory, not-a-file, unreadable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = refusals.file_label(path)
        try:
            # Opening a pipe waits for its other end: look before, and again at what was really opened.
            _check_kind(path, path.stat().st_mode)
            self._file = FileIO(path, "rb", opener=_open_without_waiting)
            try:
                status = os.fstat(self._file.fileno())
                _check_kind(path, status.st_mode)
            except BaseException:
                self._file.close()
                raise
        except (OSError, ValueError) as error:
            raise refusals.from_os_error(path, error) from error
        self.size_bytes = status.st_size

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        pieces = []
        try:
            self._file.seek(offset)
            while n_bytes > 0:
                piece = self._file.read(n_bytes)
                if not piece:
                    break
                pieces.append(piece)
                n_bytes -= len(piece)
        except OSError as error:
            raise refusals.from_os_error(self._path, error) from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_kind(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise refusals.is_directory(path)
    if not stat.S_ISREG(mode):
        raise refusals.not_a_file(path)


class Cursor:
    """A position in a source that moves forward only, with every read checked against the file's size.

    Set `byte_order` once it is known and `reading` to what is being read: it is named when the file
    ends there. Raises GgufError (truncated, hostile).
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.reading = "its header"
        self.byte_order = "little"
        self._buffer = b""
        self._buffer_start = 0  # the buffer's position in the file
        self._at = 0  # in the buffer

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def byte_order(self) -> str:
        return "little" if self._prefix == "<" else "big"

    @byte_order.setter
    def byte_order(self, byte_order: str) -> None:
        self._prefix = "<" if byte_order == "little" else ">"
        self._u64 = struct.Struct(f"{self._prefix}Q")

    @property
    def position(self) -> int:
        return self._buffer_start + self._at

    @property
    def remaining(self) -> int:
        """Bytes from here to the end of the file."""
        return self.source.size_bytes - self.position

    def peek(self, n_bytes: int) -> bytes:
        """The next `n_bytes` without moving, fewer at the end of the file."""
        n_bytes = min(n_bytes, self.remaining)
        self._need(n_bytes)
        return self._buffer[self._at : self._at + n_bytes]

    def take(self, n_bytes: int) -> bytes:
        self._need(n_bytes)
        start = self._at
        self._at += n_bytes
        return self._buffer[start : self._at]

    def unpack(self, fields: str) -> tuple[Any, ...]:
        """Numbers in the file's byte order; `fields` as `struct` spells them, without an order."""
        layout = self._prefix + fields
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def u32(self) -> int:
        value: int = self.unpack("I")[0]
        return value

    def u64(self) -> int:
        value: int = self.unpack("Q")[0]
        return value

    def string(self, limit: int) -> bytes:
        """A string's bytes: a u64 length, then as many bytes."""
        n_bytes = self.u64()
        if n_bytes > limit:
            raise self.too_large("the length of", n_bytes, limit)
        return self.take(n_bytes)

    def label(self, limit: int) -> str:
        """The name of a key or a tensor: unlike a value, it must be text."""
        name = self.string(limit)
        try:
            return name.decode()
        except UnicodeDecodeError:
            shown = printable(name.decode("latin-1"))
            raise self.hostile(f'has a name that is not UTF-8 text: "{shown}"') from None

    def hostile(self, finding: str) -> GgufError:
        """What is wrong with that which is being read."""
        return refusals.hostile(self.name, f"{self.reading} {finding}")

    def too_large(self, what: str, value: int, limit: int) -> GgufError:
        """`what` of that which is being read is above one of our limits."""
        return refusals.too_large(self.name, f"{what} {self.reading}", value, limit)

    def require(self, n_bytes: int) -> None:
        """Refuse now what could not be read: a declared size is compared with the file before any work."""
        if n_bytes > self.remaining:
            raise refusals.truncated(
                f"{self.name} is incomplete: {self.reading} needs {n_bytes:,} bytes from byte "
                f"{self.position:,} on, but the file has only {max(self.remaining, 0):,} left."
            )
        if self.position + n_bytes > MAX_HEADER_BYTES:
            raise refusals.too_large(
                self.name, "the size of its header in bytes", self.position + n_bytes, MAX_HEADER_BYTES
            )

    def skip(self, n_bytes: int) -> None:
        self._move_to(self._at + n_bytes)

    def skip_strings(self, count: int) -> None:
        """Walk past `count` strings: the one loop here that real files make long, so nothing is kept."""
        length = self._u64.unpack_from
        buffer, at = self._buffer, self._at
        last = len(buffer) - 8
        for _ in repeat(None, count):
            if at > last:
                self._move_to(at)
                self._need(8)
                buffer, at = self._buffer, self._at
                last = len(buffer) - 8
            at += 8 + length(buffer, at)[0]
        self._move_to(at)

    def _move_to(self, at: int) -> None:
        if at > len(self._buffer):
            self.require(at - self._at)
            self._buffer_start += at
            self._buffer, at = b"", 0
        self._at = at

    def _need(self, n_bytes: int) -> None:
        tail_bytes = len(self._buffer) - self._at
        if tail_bytes >= n_bytes:
            return
        self.require(n_bytes)
        tail = self._buffer[self._at :]
        more = self.source.read_at(self.position + tail_bytes, max(n_bytes, CHUNK_BYTES) - tail_bytes)
        self._buffer_start += self._at
        self._buffer, self._at = tail + more, 0
        if len(self._buffer) < n_bytes:
            raise refusals.truncated(f"{self.name} became shorter while it was read, in {self.reading}.")
