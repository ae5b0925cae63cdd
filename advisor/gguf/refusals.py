"""How `GgufError`s are worded: one function a cause, so that the same trouble always reads the same."""

from __future__ import annotations

import stat
from pathlib import Path

from advisor.errors import GgufError
from advisor.printable import printable

_DOWNLOAD_AGAIN = (
    "The download was interrupted or is still running. Let it finish, or download the file again."
)


def file_label(path: Path) -> str:
    """A file's name for messages; of "." or "/" the path itself."""
    return printable(path.name or str(path))


def truncated(message: str) -> GgufError:
    """The file has fewer bytes than it needs."""
    return GgufError(message, hint=_DOWNLOAD_AGAIN, code="truncated")


def hostile(name: str, finding: str) -> GgufError:
    """A value that no sound file has. `finding` is a clause: "it declares 10^18 tensors"."""
    return GgufError(
        f"{name} is damaged: {finding}.",
        hint="Download the file again, from a source that you trust.",
        code="hostile",
    )


def too_large(name: str, what: str, value: int, limit: int) -> GgufError:
    """A number above one of our limits."""
    return hostile(name, f"{what} is {value:,}, but no real model has more than {limit:,}")


def from_os_error(path: Path, error: OSError | ValueError) -> GgufError:
    """What the operating system says, in a sentence. ValueError: a path that no system can hold."""
    name = file_label(path)
    if isinstance(error, FileNotFoundError):
        return _not_found(path)
    if isinstance(error, IsADirectoryError):
        return is_directory(path)
    if isinstance(error, PermissionError):
        return GgufError(
            f"{name} cannot be opened: you have no permission to read it.",
            hint="Give your user the right to read the file, or copy it to a folder of your own.",
            code="unreadable",
        )
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        hint = "Check that the disk or network share is connected and healthy, then try again."
    else:
        reason = "its name holds characters that no file name can have"
        hint = "Check the path for stray characters."
    return GgufError(f"{name} cannot be read: {printable(reason)}.", hint=hint, code="unreadable")


def is_directory(path: Path) -> GgufError:
    return GgufError(
        f"{file_label(path)} is a folder, not a model file.",
        hint="Choose the .gguf file inside it; of a split model any part will do.",
        code="is-directory",
    )


def not_a_file(path: Path) -> GgufError:
    """A pipe, socket or device: reading it could wait forever."""
    return GgufError(
        f"{file_label(path)} is not an ordinary file.",
        hint="Save the model as a file on a disk and open that file.",
        code="not-a-file",
    )


def _not_found(path: Path) -> GgufError:
    name = file_label(path)
    try:
        is_link = stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        is_link = False
    if is_link:
        return GgufError(
            f"{name} is a link to a file that does not exist.",
            hint="The model was moved or deleted, perhaps by a cache clean-up: download it again.",
            code="not-found",
        )
    place = "this folder" if path.parent == Path() else printable(str(path.parent), 300)
    return GgufError(
        f"{name} was not found in {place}.",
        hint="Check the spelling of the path, and that its disk is connected.",
        code="not-found",
    )
