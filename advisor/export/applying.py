"""An export put where its runtime reads it: a Modelfile, or LM Studio's defaults of a model.

What is there is kept but for what the export says, shown as a difference first and saved beside it.
"""

from __future__ import annotations

import contextlib
import difflib
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from advisor.errors import OutputError, UsageError
from advisor.export.export import Export
from advisor.export.merging import merged_defaults, merged_modelfile
from advisor.export.programs.lm_studio import DEFAULTS
from advisor.export.writing import write_whole
from advisor.library.places import Places
from advisor.library.stores.lm_studio import home_folder

APPLICABLE = ("ollama", "lm-studio")

_MAX_FILE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """A file as it is (None: it is not there) and as it would be."""

    path: Path
    before: str | None
    after: str

    @property
    def is_one(self) -> bool:
        return self.before != self.after

    def difference(self) -> str:
        """As diff -u shows it, in lines that end; empty where nothing changes."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(),
            self.after.splitlines(),
            str(self.path) if self.before is not None else "(new)",
            str(self.path),
            lineterm="",
        )
        return "".join(f"{line}\n" for line in lines)


def planned(export: Export, place: Path | None, places: Places) -> Change:
    """What applying `export` would change. Nothing is written.

    A Modelfile goes to `place` (a file, or a folder; the current one without it). Raises UsageError for a
    runtime that keeps no such file and for a model that it does not know, OutputError for a file that cannot
    be read or is not what it should be.
    """
    if export.runtime not in APPLICABLE:
        raise UsageError(
            f"--apply: there is no file of {export.runtime} that could be changed in place.",
            hint=f"Leave out --apply and use -o, or choose --to {' or --to '.join(APPLICABLE)}.",
        )
    if export.runtime == "lm-studio":
        if place:
            raise UsageError(
                "--apply: LM Studio reads its defaults in one place.",
                hint="Leave out -o, or leave out --apply.",
            )
        path = defaults_path(export, places)
        before = _read(path)
        return Change(path, before, merged_defaults(before, export.files[0].text, str(path)))
    path = place or Path("Modelfile")
    path = path / "Modelfile" if path.is_dir() else path
    before = _read(path)
    return Change(path, before, merged_modelfile(before, export.files[0].text, str(path)))


def defaults_path(export: Export, places: Places) -> Path:
    """Where LM Studio keeps the defaults of this model. Raises UsageError where it does not have it."""
    parts = PurePosixPath(export.model_key).parts
    if len(parts) != 3 or ".." in parts or export.model_key.startswith("/"):
        raise UsageError(
            f"--apply: {export.model_key} does not lie in LM Studio's models folder, so it has no defaults.",
            hint="Bring it in with lms import, or give --name PUBLISHER/REPOSITORY/FILE.gguf.",
            code="not-in-lm-studio",
        )
    home, _ = home_folder(places)
    if not home.is_dir():
        raise UsageError(
            f"--apply: LM Studio's home was not found ({home}).", hint="Start LM Studio once, then try again."
        )
    return home / DEFAULTS / Path(*parts[:2]) / f"{parts[2]}.json"


def backup_place(change: Change, now: datetime) -> Path:
    """Where the copy of what is there goes: beside it, under a name that nothing has yet."""
    target = change.path.resolve()
    stem = f"{target.name}.bak-{now:%Y%m%d-%H%M%S}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 100)))
    return next(path for path in map(target.with_name, names) if not path.exists())


def apply(change: Change, now: datetime) -> Path | None:
    """Write it; returns the copy of what was there before. Raises OutputError, and then nothing is lost."""
    backup = None
    try:
        target = change.path.resolve()  # through a link: the file is replaced, the link stays
        target.parent.mkdir(parents=True, exist_ok=True)
        if _read(change.path) != change.before:
            raise OutputError(
                f"{change.path} has changed in the meantime and was not touched.", hint="Try again."
            )
        if change.before is not None:
            backup = backup_place(change, now)
            shutil.copy2(target, backup)
        write_whole(target, change.after)
    except OSError as error:
        if backup is not None:  # half of it on a full disk, and of what is still there
            with contextlib.suppress(OSError):
                backup.unlink(missing_ok=True)
        raise OutputError(
            f"{change.path} could not be written: {error.strerror or error}.",
            hint="Look whether you may write there and whether the disk is full.",
            code="not-written",
        ) from error
    return backup


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(
            f"{path} could not be read: {error.strerror or error}.",
            hint="Look whether it is a file that you may read.",
            code="not-read",
        ) from error
    try:
        if len(content) <= _MAX_FILE_BYTES:
            return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise OutputError(
        f"{path} is not a text that could be changed, and was not touched.",
        hint="Move it away, or choose another file.",
        code="not-read",
    )
