"""A model that is not downloaded: its header alone, by range requests to an https address.

Only what the user named is asked for, and only as many bytes as the header has. They are kept from the
first to the last, so that the engine can be given a file that begins with them and is as long as the model.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from advisor.errors import GgufError, OutputError
from advisor.gguf.address import HUGGING_FACE_HOST
from advisor.gguf.header import GgufHeader
from advisor.gguf.limits import MAX_HEADER_BYTES
from advisor.gguf.reader import joined, read_shard
from advisor.gguf.refusals import truncated
from advisor.gguf.shards import Shard, shard_names
from advisor.gguf.transport import Answer, Transport, fetch_range
from advisor.printable import printable

TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - the name under which huggingface_hub looks for one

# Small files have small headers; large ones are worth fewer and larger requests.
FIRST_BLOCK_BYTES = 512 * 1024
LARGEST_BLOCK_BYTES = 8 * 1024 * 1024
TOTAL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A header that was read from elsewhere. `heads` are the first bytes of each part, by its file name."""

    header: GgufHeader
    heads: Mapping[str, bytes]
    file_bytes: Mapping[str, int]
    fetched_bytes: int


def read_remote(
    url: str,
    *,
    environment: Mapping[str, str] = os.environ,
    transport: Transport = fetch_range,
    clock: Callable[[], float] = time.monotonic,
) -> RemoteModel:
    """The header of the model at `url`, all its parts joined. See `address.model_url` for what `url` may be.

    A token for private models is taken from HF_TOKEN, for Hugging Face alone. Raises GgufError: as
    `read_header`, and no-answer, not-found, forbidden, no-ranges, bad-answer.
    """
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    names = shard_names(unquote(name))
    until = clock() + TOTAL_SECONDS
    token = environment.get(TOKEN_VARIABLE) if parts.hostname == HUGGING_FACE_HOST else None
    sources: dict[str, RemoteFile] = {}

    def read(path: Path, index: int) -> Shard:
        address = urlunsplit(parts._replace(path=f"{folder}/{quote(path.name)}"))
        source = RemoteFile(path.name, address, partial(transport, token=token), until, clock)
        sources[path.name] = source
        return read_shard(source, index)

    header = joined(tuple(Path(part) for part in names), read)
    return RemoteModel(
        header=header,
        heads={name: source.head for name, source in sources.items()},
        file_bytes={name: source.size_bytes for name, source in sources.items()},
        fetched_bytes=sum(source.fetched_bytes for source in sources.values()),
    )


class RemoteFile:
    """One file elsewhere, as a `Source`: read from its start, in blocks that grow."""

    def __init__(
        self,
        name: str,
        url: str,
        transport: Callable[[str, int, int, float], Answer],
        until: float,
        clock: Callable[[], float],
    ) -> None:
        self.name = printable(name)
        self._url = url
        self._transport = transport
        self._until = until
        self._clock = clock
        self._held = bytearray()
        self._block_bytes = FIRST_BLOCK_BYTES
        self.size_bytes = 0
        self.size_bytes = self._fetch()

    @property
    def head(self) -> bytes:
        """All that was read, from the first byte on."""
        return bytes(self._held)

    @property
    def fetched_bytes(self) -> int:
        return len(self._held)

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        end = min(offset + n_bytes, self.size_bytes)
        while len(self._held) < end:
            before = len(self._held)
            self._fetch()
            if len(self._held) == before:
                raise truncated(f"The server of {self.name} stopped sending after {before:,} bytes.")
        return bytes(self._held[offset:end])

    def _fetch(self) -> int:
        """Add the next block to what is held. The size of the whole file, as the server says."""
        start = len(self._held)
        n_bytes = min(self._block_bytes, MAX_HEADER_BYTES + FIRST_BLOCK_BYTES - start)
        self._block_bytes = min(2 * self._block_bytes, LARGEST_BLOCK_BYTES)
        seconds_left = self._until - self._clock()
        if seconds_left <= 0 or n_bytes <= 0:
            raise GgufError(
                f"Reading the header of {self.name} took too long and was given up.",
                hint="Try again later, or download the file.",
                code="no-answer",
            )
        answer = self._transport(self._url, start, n_bytes, seconds_left)
        if self.size_bytes and answer.size_bytes != self.size_bytes:
            raise GgufError(
                f"{self.name} changed on its server while it was read.", hint="Try again.", code="bad-answer"
            )
        self._held += answer.body
        return answer.size_bytes


def write_heads(model: RemoteModel, folder: Path) -> Path:
    """Files for the engine to plan: the bytes that were read, then a hole as long as the rest of the model.

    The first part's path. Raises OutputError.
    """
    for name, head in model.heads.items():
        path = folder / _plain_name(name)
        try:
            with path.open("wb") as file:
                file.write(head)
                file.flush()
                os.truncate(file.fileno(), model.file_bytes[name])
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be written"
            raise OutputError(
                f"{path} cannot be written: {reason}.", hint="Choose another place with room for the file."
            ) from error
    return folder / _plain_name(next(iter(model.heads)))


def _plain_name(name: str) -> str:
    """A server may call its file anything; llama.cpp needs only the end, which numbers the parts."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-120:].lstrip(".") or "model.gguf"
