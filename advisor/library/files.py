"""Looking at strangers' files with care: no endless reads, no pipes, no link loops, no exceptions unasked."""

from __future__ import annotations

import itertools
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from advisor.library.installed import Unreadable
from advisor.printable import printable

# A folder given by mistake ("/") must end, too. Real stores have some thousand entries, 4 levels deep.
MAX_ENTRIES = 200_000


def small_text(path: Path, limit_bytes: int) -> str:
    """The text of a small file. Raises OSError, or ValueError with a clause for what cannot be one."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not an ordinary file")
    if status.st_size > limit_bytes:
        raise ValueError(f"it has {status.st_size:,} bytes, but no real one has more than {limit_bytes:,}")
    with path.open("rb") as file:
        content = file.read(limit_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None


def small_table(path: Path, limit_bytes: int) -> dict[str, object]:
    """The JSON object in a small file. Raises OSError, or ValueError with a clause."""
    try:
        content = json.loads(small_text(path, limit_bytes))
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(content, dict):
        raise ValueError("it is not a table")  # noqa: TRY004 - a file's content, not an argument
    return content


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of what `path` leads to: equal for links to one file. None if it leads nowhere."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def is_absent(folder: Path) -> bool:
    """Whether nothing is there. False where that cannot be told: reading it says what is wrong."""
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def file_bytes(path: Path) -> int:
    """The size of the file that `path` leads to; 0 if there is none."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def because(error: OSError | ValueError) -> str:
    """Why something could not be read, as a clause."""
    if isinstance(error, PermissionError):
        return "you have no permission to read it"
    if isinstance(error, FileNotFoundError):
        return "it does not exist"
    if isinstance(error, NotADirectoryError):
        return "it is not a folder"
    if isinstance(error, OSError):
        return printable(error.strerror or type(error).__name__)
    return printable(str(error), 200)


def unreadable(path: Path, error: OSError | ValueError) -> Unreadable:
    return Unreadable(path, f"{printable(str(path), 300)} cannot be read: {because(error)}.")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of a walk: its files, links to files too, by name; `depth` is 0 for where the walk began.

    `dead` are the links that lead nowhere.
    """

    path: Path
    depth: int
    files: tuple[str, ...]
    dead: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """A walk through folders, each real folder once however many links lead to it.

    Iterate to walk; afterwards `unreadable` says what could not be entered. Folders whose names begin with a
    dot are left out. A top folder that does not exist is unreadable, too.
    """

    top: Path
    max_depth: int
    unreadable: list[Unreadable] = field(default_factory=list)

    def __iter__(self) -> Iterator[Folder]:
        seen: set[tuple[int, int] | None] = {None, identity(self.top)}
        waiting = [(self.top, 0)]
        n_entries = 0
        while waiting:
            path, depth = waiting.pop()
            try:
                folders, files, dead = _sorted_entries(path)
            except (OSError, ValueError) as error:
                self.unreadable.append(unreadable(path, error))
                continue
            n_entries += len(folders) + len(files)
            yield Folder(path, depth, files, dead)
            if n_entries >= MAX_ENTRIES:
                shown = printable(str(self.top), 300)
                words = f"{shown} holds {MAX_ENTRIES:,} files or more: only a part of it was looked through."
                self.unreadable.append(Unreadable(self.top, words))
                return
            if depth < self.max_depth:
                new = []
                for child in (path / name for name in folders if not name.startswith(".")):
                    which = identity(child)
                    if which not in seen:
                        seen.add(which)
                        new.append((child, depth + 1))
                waiting += reversed(new)


def _sorted_entries(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The names of the folders in `path`, of its files and of its dead links; pipes are none of them."""
    folders, files, dead = [], [], []
    with os.scandir(path) as entries:
        for entry in itertools.islice(entries, MAX_ENTRIES):
            try:
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    files.append(entry.name)
                elif entry.is_symlink() and is_absent(Path(entry.path)):
                    dead.append(entry.name)
            except OSError:  # a link to itself
                continue
    return tuple(sorted(folders)), tuple(sorted(files)), tuple(sorted(dead))
