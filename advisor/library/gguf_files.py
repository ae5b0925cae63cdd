"""Which GGUF files of one folder are models: parts joined, projectors apart, half downloads left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import GgufError
from advisor.gguf.shards import shard_paths
from advisor.library.files import file_bytes

# The names that llama.cpp's gguf-split gives (src/llama.cpp: llama_split_path).
_PART = re.compile(r"(?P<model>.+)-\d{5}-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
# llama.cpp's and publishers' names of files that are no models (common/download.cpp, models/ggml-vocab-*).
_PROJECTOR = re.compile(r"mmproj|.+[-_.]mmproj", re.IGNORECASE)
_NO_MODEL = re.compile(r"ggml-vocab|imatrix|.+\.imatrix\.gguf$|downloading_", re.IGNORECASE)
# What download programs keep beside a file that is not whole yet.
_UNFINISHED = (".part", ".partial", ".incomplete", ".crdownload", ".aria2")


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A model in one file or several; `path` is the first part, `problem` says that parts are missing."""

    path: Path
    size_bytes: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class GgufFolder:
    """The models of one folder, and the projectors that lie beside them."""

    models: tuple[GgufFile, ...]
    projectors: tuple[Path, ...]


def gguf_files(folder: Path, names: Sequence[str]) -> GgufFolder:
    """The models among the files `names` of `folder`, by their names alone: no file is opened."""
    everything = set(names)
    models: dict[tuple[str, str], list[Path]] = {}
    projectors = []
    for name in sorted(names):
        whole = not any(name + ending in everything for ending in _UNFINISHED)
        if not name.lower().endswith(".gguf") or not whole or _NO_MODEL.match(name):
            continue
        if _PROJECTOR.match(name):
            projectors.append(folder / name)
            continue
        part = _PART.fullmatch(name)
        key = (part["model"], part["count"]) if part else (name, "")
        models.setdefault(key, []).append(folder / name)
    return GgufFolder(tuple(_joined(paths) for paths in models.values()), tuple(projectors))


def _joined(paths: list[Path]) -> GgufFile:
    size_bytes = sum(file_bytes(path) for path in paths)
    try:
        first = shard_paths(paths[0])[0]
    except GgufError as error:
        return GgufFile(paths[0], size_bytes, error.message)
    return GgufFile(first, size_bytes)
