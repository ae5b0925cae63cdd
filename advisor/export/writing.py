"""An export into files: whole or not at all, and never over what is there unless told to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from advisor.errors import OutputError
from advisor.export.export import Export


def write_export(export: Export, place: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the first file as `place`, or all of them into it if it is a folder; returns what was written.

    Raises OutputError for a file that is there (without `force`) and for a place that cannot be written.
    """
    try:
        texts = _texts(export, place)
        there = [] if force else [path for path in texts if path.exists()]
        if there:
            raise OutputError(
                f"{there[0]} is already there and was not touched.",
                hint="Choose another name, or add --force to replace it.",
                code="already-there",
            )
        for path, text in texts.items():
            write_whole(path.resolve(), text)  # through a link: the file is replaced, the link stays
    except OSError as error:
        raise OutputError(
            f"{place} could not be written: {error.strerror or error}.",
            hint="Choose a folder that exists and that you may write to.",
            code="not-written",
        ) from error
    return tuple(texts)


def _texts(export: Export, place: Path) -> dict[Path, str]:
    if place.is_dir():
        return {place / file.name: file.text for file in export.files}
    return {place: export.files[0].text}


def write_whole(target: Path, text: str) -> None:
    """A file beside it takes its place when it is whole; what fails leaves nothing. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".context-advisor-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text.encode("utf-8"))
            file.close()
            temporary.chmod(0o644)  # a temporary file is private; what it becomes is not
            temporary.replace(target)
        except OSError:
            file.close()
            temporary.unlink(missing_ok=True)
            raise
