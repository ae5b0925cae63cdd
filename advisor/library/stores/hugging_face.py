"""Hugging Face's cache: models--<owner>--<name>/snapshots/<commit>/<file>, links to blobs by their hash.

The layout is that of huggingface_hub, which llama.cpp's own downloads have, too (common/hf-cache.cpp). On
Windows without the right to make links the snapshots hold the files themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from advisor.library.below import models_in
from advisor.library.files import Walk, is_absent, small_text, unreadable
from advisor.library.installed import GGUF, PARTIAL, InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places
from advisor.printable import printable

STORE = "hugging-face"

_REPOSITORY = re.compile(r"models--(?P<path>.+)")
_SNAPSHOT_DEPTH = 4  # repositories keep precisions in folders of their own
_MAX_REF_BYTES = 4096
_MAX_REPOSITORIES = 20_000
# Of what is no GGUF only MLX's is meant to be run here: the cache holds every other program's models, too.
_MLX = re.compile(r"(?<![a-z])mlx(?![a-z])", re.IGNORECASE)


def cache_folder(places: Places) -> Path:
    """Where huggingface_hub keeps what it downloads."""
    home = places.named("HF_HOME")
    cache = places.named("XDG_CACHE_HOME") or places.home / ".cache"
    return (
        places.named("HF_HUB_CACHE")
        or places.named("HUGGINGFACE_HUB_CACHE")
        or (home / "hub" if home else cache / "huggingface" / "hub")
    )


def find(places: Places) -> Scan:
    """Every GGUF of the cache, called owner/name/file. Never raises."""
    return repositories(cache_folder(places), STORE)


def repositories(top: Path, store: str, *, runtime: str | None = None) -> Scan:
    """The models in the repositories that lie in the folder `top`, of whatever program."""
    models: list[InstalledModel] = []
    trouble: list[Unreadable] = []
    left_out: list[LeftOut] = []
    if is_absent(top):
        return Scan()
    try:
        folders = sorted(top.iterdir())[:_MAX_REPOSITORIES]
    except OSError as error:
        return Scan((), (unreadable(top, error),))
    for folder, title in _repositories(folders):
        commits, unread = _commits(folder)
        trouble += unread
        for place, commit in enumerate(commits):
            shown = "" if place == 0 else commit[:8]
            found = _snapshot(folder / "snapshots" / commit, title, shown, store, runtime)
            models += found.models
            trouble += found.unreadable
            left_out += found.left_out
        left_out += _unfinished(folder, title)
    return Scan(_without_repeated_names(models), tuple(trouble), tuple(left_out))


def _repositories(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Those of `folders` that are one, with what it is called."""
    for folder in folders:
        said = _REPOSITORY.fullmatch(folder.name)
        if said:
            yield folder, said["path"].replace("--", "/", 1)


def _commits(repository: Path) -> tuple[list[str], list[Unreadable]]:
    """The snapshots, that of the branch main first: it is the one that a name means."""
    top = repository / "snapshots"
    try:
        commits = sorted((path.name for path in top.iterdir() if path.is_dir()), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        return [], [unreadable(top, error)]
    try:
        main = small_text(repository / "refs" / "main", _MAX_REF_BYTES).strip()
    except (OSError, ValueError):
        main = ""
    return sorted(commits, key=lambda commit: commit != main), []


def _snapshot(top: Path, title: str, commit: str, store: str, runtime: str | None) -> Scan:
    models: list[InstalledModel] = []
    left_out: list[LeftOut] = []

    def name(path: Path) -> str:
        inside = path.relative_to(top).as_posix()
        whole = title if inside == "." else f"{title}/{inside}"
        return f"{whole}@{commit}" if commit else whole

    walk = Walk(top, _SNAPSHOT_DEPTH)
    for folder in walk:
        found = models_in(folder, store, name, runtime=runtime)
        models += [model for model in found.models if model.format == GGUF or _MLX.search(model.name)]
        left_out += found.left_out
    return Scan(tuple(models), tuple(walk.unreadable), tuple(left_out))


def _unfinished(repository: Path, title: str) -> list[LeftOut]:
    try:
        names = sorted(path.name for path in (repository / "blobs").iterdir())
    except OSError:
        return []  # a cache without links has no blobs
    sentence = f"{printable(title)} has a download that was not finished."
    return [
        LeftOut(repository / "blobs" / name, PARTIAL, sentence)
        for name in names
        if name.endswith((".incomplete", ".downloadInProgress"))
    ]


def _without_repeated_names(models: list[InstalledModel]) -> tuple[InstalledModel, ...]:
    """Snapshots of other commits that hold the very same file add nothing."""
    first: dict[object, InstalledModel] = {}
    for model in models:
        try:
            target: object = model.path.resolve()
        except (OSError, RuntimeError):
            target = model.path
        first.setdefault(target, model)
    return tuple(first.values())
