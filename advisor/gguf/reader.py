"""`read_header`: from a path to a `GgufHeader`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor.errors import GgufError
from advisor.gguf.foreign import HEAD_BYTES, foreign_file
from advisor.gguf.header import GgufHeader
from advisor.gguf.limits import DEFAULT_ALIGNMENT, MAX_ALIGNMENT, MAX_TENSOR_COUNT
from advisor.gguf.refusals import hostile, too_large
from advisor.gguf.shards import Shard, check_member, check_whole, shard_paths
from advisor.gguf.source import Cursor, FileSource, Source
from advisor.gguf.tensors import check_layout, read_tensors
from advisor.gguf.values import read_metadata
from advisor.units import pad

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)


def read_header(path: Path) -> GgufHeader:
    """The header of the model at `path`: a GGUF file, or any part of a split one.

    Reads the header only, never tensor data, but checks that the file is long enough for it. Raises
    GgufError and nothing else; its `code` is one of not-found, is-directory, not-a-file, unreadable,
    empty-file, not-gguf, unsupported-version, truncated, hostile, unknown-tensor-type, missing-shard,
    shard-mismatch.
    """
    return joined(shard_paths(path), _read_file)


def joined(paths: tuple[Path, ...], read: Callable[[Path, int], Shard]) -> GgufHeader:
    """One header from the parts at `paths`, each read by `read` with its place in the set.

    Raises GgufError, as `read_header`.
    """
    first = read(paths[0], 0)
    check_member(first, 0, first, len(paths))
    tensors = list(first.tensors)
    file_bytes = first.file_bytes
    for index, part in enumerate(paths[1:], start=1):
        shard = read(part, index)
        check_member(shard, index, first, len(paths))
        tensors += shard.tensors
        file_bytes += shard.file_bytes
        if len(tensors) > MAX_TENSOR_COUNT:
            raise too_large(first.name, "its number of tensors", len(tensors), MAX_TENSOR_COUNT)
    check_whole(first, tensors)
    return GgufHeader(
        path=paths[0],
        shards=paths,
        version=first.version,
        byte_order=first.byte_order,
        alignment=first.alignment,
        metadata=first.metadata,
        tensors=tuple(tensors),
        header_bytes=first.header_bytes,
        file_bytes=file_bytes,
    )


def _read_file(path: Path, index: int) -> Shard:
    with FileSource(path) as source:
        return read_shard(source, index)


def read_shard(source: Source, index: int = 0) -> Shard:
    """The header of one file, wherever its bytes come from; `index` is its place in its set.

    Raises GgufError, as `read_header`.
    """
    cursor = Cursor(source)
    version, cursor.byte_order = _identify(cursor)
    n_tensors, n_kv = cursor.unpack("QQ")
    metadata = read_metadata(cursor, n_kv)
    alignment = _alignment(cursor.name, metadata.get("general.alignment", DEFAULT_ALIGNMENT))
    tensors = read_tensors(cursor, n_tensors, alignment, index)
    # A file without tensors may end before the padding.
    header_bytes = min(pad(cursor.position, alignment), source.size_bytes)
    check_layout(cursor.name, tensors, source.size_bytes - header_bytes)
    return Shard(
        name=cursor.name,
        version=version,
        byte_order=cursor.byte_order,
        alignment=alignment,
        metadata=metadata,
        tensors=tensors,
        header_bytes=header_bytes,
        file_bytes=source.size_bytes,
    )


def _identify(cursor: Cursor) -> tuple[int, str]:
    """Version and byte order: the magic is the same in both orders, the version tells them apart."""
    head = cursor.peek(HEAD_BYTES)
    if not head:
        raise GgufError(
            f"{cursor.name} is empty.",
            hint="The download failed before it began: download the file again.",
            code="empty-file",
        )
    if not _MAGIC.startswith(head[:4]):
        raise foreign_file(cursor.name, head)
    number = cursor.take(8)[4:]
    by_order = {order: int.from_bytes(number, order) for order in ("little", "big")}
    for order, version in by_order.items():
        if version in _VERSIONS:
            return version, order
    raise _unsupported(cursor.name, min(by_order.values()))


def _unsupported(name: str, version: int) -> GgufError:
    if version == 1:
        message = f"{name} is a GGUF of version 1, from August 2023, which nothing reads any more."
        hint = "Download a newer file of this model."
    elif 0 < version < 2**16:
        message = f"{name} is a GGUF of version {version}; this program knows versions 2 and 3."
        hint = "Update Context Advisor, or download the file in version 3."
    else:
        message = f"{name} is damaged: its GGUF version is {version:,}."
        hint = "Download the file again, from a source that you trust."
    return GgufError(message, hint=hint, code="unsupported-version")


def _alignment(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise hostile(name, 'its "general.alignment" is not a whole number')
    if value <= 0 or value & (value - 1):
        raise hostile(name, f'its "general.alignment" is {value:,}, which is not a power of two')
    if value > MAX_ALIGNMENT:
        raise too_large(name, 'its "general.alignment"', value, MAX_ALIGNMENT)
    return value
