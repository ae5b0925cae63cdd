"""Which GGUF files of one folder are models: parts joined, projectors apart, half downloads left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import GgufError
from advisor.gguf.shards import shard_paths
from advisor.library.files import Folder, file_bytes
from advisor.library.installed import NO_MODEL, PARTIAL, LeftOut
from advisor.printable import printable

# The names that llama.cpp's gguf-split gives (src/llama.cpp: llama_split_path).
_PART = re.compile(r"(?P<model>.+)-\d{5}-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
# llama.cpp's and publishers' names of files that are no models (common/download.cpp, models/ggml-vocab-*).
_PROJECTOR = re.compile(r"mmproj|.+[-_.]mmproj", re.IGNORECASE)
_NO_MODEL = re.compile(r"ggml-vocab|imatrix|.+\.imatrix\.gguf$", re.IGNORECASE)
# LM Studio's and GPT4All's names of a file that is not whole yet.
_BEGUN = re.compile(r"downloading_|incomplete-", re.IGNORECASE)
# What download programs call it, or keep beside it (llama.cpp: common/download.cpp).
_UNFINISHED = (".part", ".partial", ".incomplete", ".crdownload", ".aria2", ".downloadInProgress")
# The ends of names that say how numbers are stored: models and projectors are compared without them.
_PRECISION = re.compile(
    r"[-_.](?:(?:ud[-_])?i?q\d\w*|i1|imat|(?:bf|f|fp)(?:16|32)|mxfp4\w*|nvfp4\w*|tq\d\w*)$", re.IGNORECASE
)
_GENERIC = frozenset({"", "model", "vision", "audio"})


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A model in one file or several; `path` is the first part, `problem` says that parts are missing."""

    path: Path
    size_bytes: int
    problem: str | None = None
    projectors: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class GgufFolder:
    """The models of one folder with the projectors that go with each, and what is none."""

    models: tuple[GgufFile, ...]
    projectors: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


def gguf_files(folder: Path, names: Sequence[str]) -> GgufFolder:
    """The models among the files `names` of `folder`, by their names alone: no file is opened."""
    everything = set(names)
    models: dict[tuple[str, str], list[Path]] = {}
    projectors = []
    left_out = []
    for name in sorted(names):
        whole = name
        for ending in _UNFINISHED:
            whole = whole.removesuffix(ending)
        if not whole.lower().endswith(".gguf"):
            continue
        begun = (
            whole != name or _BEGUN.match(name) or any(name + ending in everything for ending in _UNFINISHED)
        )
        if begun:
            left_out.append(_partial(folder / name))
        elif _NO_MODEL.match(name):
            sentence = f"{printable(name)} is a vocabulary or an importance matrix by its name, not a model."
            left_out.append(LeftOut(folder / name, NO_MODEL, sentence))
        elif _PROJECTOR.match(name):
            projectors.append(folder / name)
        else:
            part = _PART.fullmatch(name)
            key = (part["model"], part["count"]) if part else (name, "")
            models.setdefault(key, []).append(folder / name)
    chosen = _projectors_of([key[0] for key in models], projectors)
    joined = [_joined(paths, chosen[key[0]]) for key, paths in models.items()]
    return GgufFolder(tuple(joined), tuple(projectors), tuple(left_out))


def lost_files(folder: Folder) -> tuple[GgufFile, ...]:
    """The models of a walked folder whose links lead nowhere any more."""
    return tuple(
        GgufFile(
            folder.path / name, 0, f"{printable(name)} is a link to a file that is gone: download it again."
        )
        for name in folder.dead
        if name.lower().endswith(".gguf") and not _PROJECTOR.match(name)
    )


def _partial(path: Path) -> LeftOut:
    return LeftOut(path, PARTIAL, f"{printable(path.name)} is a download that was not finished.")


def _joined(paths: list[Path], projectors: tuple[Path, ...]) -> GgufFile:
    size_bytes = sum(file_bytes(path) for path in paths)
    try:
        first = shard_paths(paths[0])[0]
    except GgufError as error:
        return GgufFile(paths[0], size_bytes, error.message, projectors)
    return GgufFile(first, size_bytes, projectors=projectors)


def _projectors_of(models: Sequence[str], projectors: Sequence[Path]) -> dict[str, tuple[Path, ...]]:
    """For each model's name the projectors beside it that go with it.

    A projector that names a model goes with those that begin so. One that names none of them goes with all
    where the folder holds one model in several precisions, or where it is called by no name at all.
    """
    bare = {name: _bare(name) for name in models}
    is_one_model = len(set(bare.values())) == 1
    chosen: dict[str, list[Path]] = {name: [] for name in models}
    for projector in projectors:
        wanted = _bare(projector.name)
        named = [name for name in models if wanted not in _GENERIC and bare[name].startswith(wanted)]
        if not named and (is_one_model or wanted in _GENERIC):
            named = list(models)
        for name in named:
            chosen[name].append(projector)
    return {name: tuple(found) for name, found in chosen.items()}


def _bare(name: str) -> str:
    """A file's name without its ending, its precision and the word mmproj, in small letters."""
    stem = re.sub(r"\.gguf$", "", name.lower())
    stem = re.sub(r"(?:^|[-_.])mmproj(?=$|[-_.])", "", stem).strip("-_.")
    while (shorter := _PRECISION.sub("", stem)) != stem:
        stem = shorter
    stem = re.sub(r"[-_.](?:model|vision|audio)$", "", stem)
    return "" if _PRECISION.fullmatch(f"-{stem}") else stem
