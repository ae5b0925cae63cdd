"""Folders that may not be looked into, as the system refuses them to those without rights: root has all."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@contextlib.contextmanager
def shut(folder: Path) -> Iterator[None]:
    """`folder` can be seen from outside, but not listed, and nothing in it can be looked at or opened."""

    def is_inside(path: Path) -> bool:
        return folder in path.parents

    def is_it_or_inside(path: Path) -> bool:
        return path == folder or is_inside(path)

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((os, "listdir"), (os, "scandir")):
            patch.setattr(owner, name, _refusing(getattr(owner, name), is_it_or_inside))
        for owner, name in ((os, "stat"), (os, "open"), (io, "open"), (builtins, "open")):
            patch.setattr(owner, name, _refusing(getattr(owner, name), is_inside))
        yield


def _refusing(real: Call, refuses: Callable[[Path], bool]) -> Call:
    def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
        # A number is a file that is open already.
        if not isinstance(path, int) and refuses(Path(os.fsdecode(path))):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *arguments, **options)

    return call
