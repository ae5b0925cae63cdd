"""The programs that take an export over (`ollama create`, `lms load`), run on request alone."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Thread

from advisor.errors import OutputError
from advisor.export.export import Export

# Lines of the end of what a program said; progress bars write the same one again and again.
MOST_LINES = 200

_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 3.0  # for a program that was asked to end
_NO_CONSOLE: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows, a window would open for it
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


def named_programs(export: Export, written: Path) -> tuple[tuple[str, ...], ...]:
    """What the export names, with `written` in place of the first file's name."""
    first = export.files[0].name
    return tuple(
        tuple(str(written.absolute()) if word == first else word for word in named)
        for named in export.programs
    )


def run_programs(export: Export, written: Path, environment: Mapping[str, str]) -> None:
    """Run what the export names, one after another, without a shell; what they say goes to stderr.

    `written` takes the place of the first file's name. Raises OutputError for a program that is not there or
    that fails.
    """
    for words in named_programs(export, written):
        program = _found_program(words, environment)
        with _failures_told(words):
            done = subprocess.run(  # noqa: S603 - words of ours, no shell, only on request
                [program, *words[1:]],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                check=False,
            )
        _check_ended_well(words, done.returncode)


def run_listening(
    export: Export,
    written: Path,
    environment: Mapping[str, str],
    report: Callable[[tuple[str, ...]], None],
) -> None:
    """Run what the export names, one after another, without a shell.

    `report` is given the last lines of what they say, several times a second, and may raise: the program is
    ended then. Raises OutputError for a program that is not there or that fails.
    """
    lines: list[str] = []
    for words in named_programs(export, written):
        program = _found_program(words, environment)
        with _failures_told(words):
            running = subprocess.Popen(  # noqa: S603 - words of ours, no shell, only on request
                [program, *words[1:]],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                creationflags=_NO_CONSOLE,
            )
        listener = Thread(target=_listen, args=(running, lines), daemon=True)
        listener.start()
        try:
            while running.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(_POLL_SECONDS)
                report(tuple(lines[-MOST_LINES:]))
        finally:
            _end(running)
            # What it started may hold the pipe for as long as it lives.
            listener.join(_PATIENCE_SECONDS)
        report(tuple(lines[-MOST_LINES:]))
        _check_ended_well(words, running.returncode)


def _found_program(words: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """The program's whole path. Raises OutputError (program-missing)."""
    program = shutil.which(words[0], path=environment.get("PATH"))
    if program is None:
        raise OutputError(
            f"{words[0]} was not found, so nothing was run.",
            hint=f"Install it, or run it yourself: {_typed(words)}",
            code="program-missing",
        )
    return program


@contextlib.contextmanager
def _failures_told(words: tuple[str, ...]) -> Iterator[None]:
    """A program that cannot be started as OutputError (program-failed)."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{words[0]} could not be started: {error.strerror or error}.",
            hint=f"Run it yourself: {_typed(words)}",
            code="program-failed",
        ) from error


def _typed(words: tuple[str, ...]) -> str:
    """As a person would type them here."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _check_ended_well(words: tuple[str, ...], code: int) -> None:
    """Raises OutputError (program-failed) for a program that ended with anything but 0."""
    if code:
        raise OutputError(
            f"{words[0]} ended with {code}.",
            hint="What it said stands above. The file is written all the same.",
            code="program-failed",
        )


def _listen(running: subprocess.Popen[bytes], lines: list[str]) -> None:
    """Keep what the program says, a line once: what a carriage return would overwrite is left out."""
    if running.stdout is None:
        return
    with running.stdout as said:
        for raw in said:
            text = raw.decode("utf-8", "replace").rstrip().rpartition("\r")[2]
            line = _TERMINAL.sub("", text).strip()
            if line and line not in lines[-1:]:
                lines.append(line)
                del lines[: -2 * MOST_LINES]


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
