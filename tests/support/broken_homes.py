"""A disk that is full, and folders of the user that cannot be written to or that are not there."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

USERS_OWN = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file can be written to: the system's own limit of a file's size, which root has, too.

    Python ignores the signal that comes with it: what is left is an error of the write, as on a full disk.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def no_rights() -> Iterator[None]:
    """Nothing can be made in any folder, nor replaced: as the system says it to those without rights."""

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((tempfile, "mkstemp"), (tempfile, "NamedTemporaryFile"), (Path, "replace")):
            patch.setattr(owner, name, refuse)
        patch.setattr("sqlite3.connect", refuse)
        yield


@contextlib.contextmanager
def files_for_folders() -> Iterator[None]:
    """Where the user's folders should be, there are files: what root cannot write into either."""
    with pytest.MonkeyPatch.context() as patch:
        for name in USERS_OWN:
            file = Path(os.environ[name]).with_name(f"{name}-is-a-file")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("no folder")
            patch.setenv(name, str(file))
        yield


Fault = Callable[[], contextlib.AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {
    "full-disk": full_disk,
    "no-rights": no_rights,
    "files-for-folders": files_for_folders,
}
