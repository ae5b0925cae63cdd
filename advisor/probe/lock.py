"""One proof at a time: two would take each other's memory and measure it.

The system's own lock on a file, which ends with the process that holds it, however that ends: there is no
stale lock to clear away. The process id in the file is for people.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from advisor.errors import UsageError
from advisor.presets import APPLICATION

NAME = "probe.lock"


def lock_folder() -> Path:
    """Where the program keeps what is its own."""
    from platformdirs import user_data_path  # a few ms, and only proofs need it

    return user_data_path(APPLICATION, appauthor=False)


@contextlib.contextmanager
def only_proof(folder: Path) -> Iterator[None]:
    """Holds the lock for the block. Raises UsageError "probe-running" if another proof has it.

    Where the folder cannot be written to, or locks nothing, the proof runs without.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / NAME).open("a+", encoding="ascii")
    except OSError:
        yield
        return
    with file:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            raise _running(file) from None
        except OSError:
            pass
        with contextlib.suppress(OSError):  # a full disk; unbuffered, or closing the file would try again
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())
        yield


def _running(file: IO[str]) -> UsageError:
    with contextlib.suppress(OSError, ValueError):
        file.seek(0)
        if number := file.read(20).strip():
            return _error(f" (process {number})" if number.isdecimal() else "")
    return _error("")


def _error(which: str) -> UsageError:
    return UsageError(
        f"Another proof is running on this computer{which}.",
        hint="Wait until it has ended, or stop it: two would take each other's memory.",
        code="probe-running",
    )


def _lock(file: IO[str]) -> None:
    """Raises OSError at once if someone has it."""
    if sys.platform == "win32":
        import msvcrt

        # Far behind the text, which others must be able to read.
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
