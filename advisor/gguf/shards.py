"""Split models: which files belong together, and whether they really do.

The naming and the keys are those of llama.cpp's gguf-split (src/llama.cpp: llama_split_path,
src/llama-model-loader.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import GgufError
from advisor.gguf.header import Tensor, Value
from advisor.gguf.limits import MAX_SHARD_COUNT
from advisor.gguf.refusals import file_label, from_os_error, too_large
from advisor.printable import printable

_NAME = re.compile(r"(?P<model>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.gguf)", re.IGNORECASE)
_SHOWN_MISSING = 3


@dataclass(frozen=True, slots=True)
class Shard:
    """One file's header, before the set is joined."""

    name: str
    version: int
    byte_order: str
    alignment: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    header_bytes: int
    file_bytes: int


def shard_names(name: str) -> tuple[str, ...]:
    """The names of all files of the model that the file `name` is a part of, in order.

    Raises GgufError (shard-mismatch, hostile).
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return (name,)
    number, count = int(match["number"]), int(match["count"])
    if not 1 <= number <= count:
        raise GgufError(
            f"{printable(name)} calls itself part {number} of {count}, which cannot be.",
            hint="Give the file its original name again.",
            code="shard-mismatch",
        )
    if count > MAX_SHARD_COUNT:
        raise too_large(printable(name), "its number of parts", count, MAX_SHARD_COUNT)
    return tuple(
        f"{match['model']}-{index:05}-of-{count:05}{match['ending']}" for index in range(1, count + 1)
    )


def shard_paths(path: Path) -> tuple[Path, ...]:
    """All files of the model that `path` is a part of, in order; only `path` if its name is not a part's.

    Raises GgufError (missing-shard, shard-mismatch, not-found, unreadable).
    """
    if _NAME.fullmatch(path.name) is None:
        return (path,)
    _check_exists(path)
    paths = tuple(path.with_name(name) for name in shard_names(path.name))
    count = len(paths)
    missing = [part for part in paths if not _exists(part)]
    if missing:
        raise _missing_shards(missing, count)
    return paths


def check_member(shard: Shard, index: int, first: Shard, count: int) -> None:
    """Refuse a file that is not part `index` (from 0) of `count` of the model that `first` begins.

    Raises GgufError (shard-mismatch).
    """
    says_count = _number(shard, "split.count")
    # gguf-split counts from 1 in the file names and from 0 in the key.
    says_index = _number(shard, "split.no")
    if count == 1 and says_count is not None and says_count > 1:
        part = f"part {says_index + 1}" if says_index is not None else "a part"
        raise GgufError(
            f"{shard.name} is {part} of a model in {says_count} parts, but its name does not say so.",
            hint="Give all parts their original names, which end in -00001-of-... and so on.",
            code="shard-mismatch",
        )
    if says_count is not None and says_count <= 1 < count:
        raise GgufError(
            f"{shard.name} holds a whole model, though its name says that it is one of {count} parts.",
            hint="Give it a name that does not end in -00001-of-...",
            code="shard-mismatch",
        )
    if says_count is not None and max(says_count, 1) != count:
        raise _mismatch(f"{shard.name} belongs to a model in {says_count} parts, not {count}.")
    if says_index is not None and says_index != index:
        raise _mismatch(f"{shard.name} holds part {says_index + 1}, not part {index + 1} as its name says.")
    if shard.byte_order != first.byte_order:
        raise _mismatch(f"{shard.name} has another byte order than {first.name}.")


def check_whole(first: Shard, tensors: list[Tensor]) -> None:
    """Refuse a set whose parts do not make up one model. Raises GgufError (shard-mismatch)."""
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise _mismatch(f'Two parts of {first.name} hold the tensor "{printable(tensor.name)}".')
        seen.add(tensor.name)
    declared = _number(first, "split.tensors.count")
    # A negative or zero count was reset by a program that joined the parts.
    if declared is not None and declared > 0 and declared != len(tensors):
        raise _mismatch(f"{first.name} announces {declared:,} tensors, but its parts hold {len(tensors):,}.")


def _number(shard: Shard, key: str) -> int | None:
    value = shard.metadata.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _check_exists(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise from_os_error(path, error) from error


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # it is there, but something else is wrong: opening it says what
    return True


def _missing_shards(missing: list[Path], count: int) -> GgufError:
    names = ", ".join(file_label(path) for path in missing[:_SHOWN_MISSING])
    if len(missing) > _SHOWN_MISSING:
        names += f" and {len(missing) - _SHOWN_MISSING} more"
    verb = "is" if len(missing) == 1 else "are"
    return GgufError(
        f"{len(missing)} of the model's {count} parts {verb} missing: {names}.",
        hint=f"Put all {count} parts into {printable(str(missing[0].parent), 300)}, then open any of them.",
        code="missing-shard",
    )


def _mismatch(message: str) -> GgufError:
    return GgufError(
        message,
        hint="Parts of different models were mixed, or one was renamed: download all parts again.",
        code="shard-mismatch",
    )
