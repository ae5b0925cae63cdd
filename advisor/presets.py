"""The data files in `presets/`, and the user's own files of the same names.

In a checkout they lie at its top; installed, inside the package. A file of the same name in the user's own
folder is read on top: its tables replace ours of the same name or are added, its lists come before ours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from advisor.errors import PresetError

APPLICATION = "context-advisor"

# A preset is small. What is larger was put there by mistake, and would only be slow.
_MAX_FILE_BYTES = 8 * 1024 * 1024


def preset_path(name: str) -> Path:
    """Where the shipped preset file of this name ("gpus.json") lies. Raises PresetError if it is missing."""
    from importlib.resources import files  # slow to load, and not every command needs a preset

    installed = Path(str(files("advisor"))) / "presets_data" / name
    checkout = Path(__file__).resolve().parent.parent / "presets" / name
    for path in (installed, checkout):
        if path.is_file():
            return path
    raise PresetError(
        f"The program's own file presets/{name} is missing.", hint="Install Context Advisor again."
    )


def user_presets() -> Path:
    """The folder of the user's own presets. It need not exist."""
    from platformdirs import user_config_dir

    return Path(user_config_dir(APPLICATION, appauthor=False)) / "presets"


def read_toml(name: str) -> dict[str, object]:
    """The tables of presets/NAME ("goals.toml" or "goals"), the user's own on top.

    Raises PresetError for a missing, unreadable or malformed file.
    """
    import tomllib

    return _read(_with_suffix(name, ".toml"), tomllib.loads)


def read_shipped_toml(name: str) -> dict[str, object]:
    """The tables of presets/NAME ("goals.toml") without the user's own. Raises PresetError as `read_toml`."""
    import tomllib

    return _parse(preset_path(name), tomllib.loads)


def read_json(name: str) -> dict[str, object]:
    """The object in presets/NAME ("gpus.json" or "gpus"), the user's own on top.

    Raises PresetError for a missing, unreadable or malformed file.
    """
    return _read(_with_suffix(name, ".json"), json.loads)


def read_json_file(path: Path) -> dict[str, object]:
    """The object in one JSON file, wherever it lies. Raises PresetError if there is none to be read."""
    return _parse(path, json.loads)


def write_own(name: str, text: str) -> Path:
    """Put `text` into the user's own presets as NAME, whole or not at all; what was there becomes NAME.bak.

    Raises PresetError where the folder cannot be written to.
    """
    path = user_presets() / name
    try:
        if path.exists():
            write_whole(path.with_name(f"{name}.bak"), path.read_bytes())
        write_whole(path, text.encode("utf-8"))
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise PresetError(f"{path} was not written: {reason}.", hint="Check its folder's rights.") from error
    except UnicodeEncodeError:
        raise PresetError(
            f"{path} was not written: the text is not valid Unicode.", hint="Write other names."
        ) from None
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file in one step, so that a reader never sees half of it. Raises OSError."""
    import tempfile

    path = path.resolve()  # a link goes on pointing to the file
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _with_suffix(name: str, suffix: str) -> str:
    return name if name.endswith(suffix) else name + suffix


def _read(name: str, parse: Callable[[str], object]) -> dict[str, object]:
    shipped = _parse(preset_path(name), parse)
    own_path = user_presets() / name
    return _on_top(shipped, _parse(own_path, parse), own_path) if _is_there(own_path) else shipped


def _is_there(path: Path) -> bool:
    """Whether a file is there, also one that may not be looked at: reading it says what is wrong."""
    try:
        return path.is_file()
    except OSError:
        return True


def _parse(path: Path, parse: Callable[[str], object]) -> dict[str, object]:
    try:
        found = path.stat()
        if found.st_size > _MAX_FILE_BYTES:
            raise PresetError(f"{path} is too large for a preset.", hint="Check that this is the right file.")
        content = _content(path, (found.st_mtime_ns, found.st_size, found.st_ino), parse)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise PresetError(f"{path} cannot be read: {reason}.", hint="Check its name and rights.") from error
    except (ValueError, RecursionError) as error:  # bad UTF-8, JSON and TOML errors are all ValueErrors
        raise PresetError(f"{path} is malformed: {error}.", hint="Correct the file or remove it.") from error
    if not isinstance(content, dict):
        raise PresetError(f"{path} is malformed: it holds no table.", hint="Correct the file or remove it.")
    return dict(content)


@lru_cache(maxsize=16)
def _content(path: Path, _stamp: tuple[int, int, int], parse: Callable[[str], object]) -> object:
    """Read once as long as the file is the same: each answer needs the table of GPUs several times."""
    return parse(path.read_text(encoding="utf-8-sig"))


def _on_top(shipped: dict[str, object], own: dict[str, object], own_path: Path) -> dict[str, object]:
    merged = dict(shipped)
    for key, value in own.items():
        ours = shipped.get(key)
        if isinstance(ours, list):
            if not isinstance(value, list):
                raise PresetError(
                    f'{own_path} is malformed: "{key}" must be a list.', hint="Correct the file or remove it."
                )
            merged[key] = value + ours
        else:
            merged[key] = value
    return merged
