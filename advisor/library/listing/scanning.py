"""`Headers`: asks a child process what a model's header says, so that a window never waits for a parser."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

import advisor
from advisor.engine.launch import BUNDLE_COMMAND_LINE, IS_BUNDLE, Launch
from advisor.hardware.device import Hardware
from advisor.hardware.document import hardware_to_dict
from advisor.library.installed import InstalledModel
from advisor.library.listing.lines import line_from_dict
from advisor.library.listing.listing import Listed
from advisor.library.listing.serving import question

_WORDS = ("models", "--serve")
_END_SECONDS = 5.0


class Headers:
    """One child, started with the first question. One thread asks at a time; another may close it.

    A header that ends the child costs its own line alone: the next question starts another.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._hardware: Hardware | None = None  # what the child was told last
        self._asking = threading.Lock()
        self._closed = False

    def line(self, model: InstalledModel, hardware: Hardware) -> Listed | None:
        """The model's line, None for what is no model after all; see `listing.listed`. Never raises."""
        if model.problem:
            return Listed(model, problem=model.problem)
        with self._asking:
            try:
                answer = json.loads(self._asked(model, hardware))
                content = answer.get("model")
                return line_from_dict(content, model) if content else None
            except (OSError, ValueError, AttributeError):
                self._end()
                return Listed(model, problem="Its header could not be read: the program that reads it ended.")

    def close(self) -> None:
        """End the child, whatever it does. Nothing is asked afterwards."""
        self._closed = True
        process = self._process
        if process:
            process.kill()  # whoever waits for its answer gets none
        with self._asking:
            self._end()

    def _asked(self, model: InstalledModel, hardware: Hardware) -> str:
        """The child's answer. Raises OSError and ValueError where there is none."""
        if self._closed:
            raise ValueError("it was closed")
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; the command is this program itself
                command_line() + _WORDS,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                encoding="utf-8",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._hardware = None
            if self._closed:  # by another thread, just before there was something to end
                raise ValueError("it was closed")
        told = None if hardware is self._hardware else hardware_to_dict(hardware)
        questions = cast("IO[str]", self._process.stdin)  # PIPE was asked for: neither is None
        questions.write(question(model, told))
        questions.flush()
        self._hardware = hardware
        return cast("IO[str]", self._process.stdout).readline()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                cast("IO[str]", pipe).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)


def _environment() -> dict[str, str]:
    """This program's own, in which the child finds the very modules that ask it."""
    environment = Launch().child_environment()
    here = str(Path(advisor.__file__).parents[1])
    if not IS_BUNDLE:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH"))))
    return environment


def command_line() -> tuple[str, ...]:
    """How this program's command line is started, also from a bundle, which has no Python."""
    if IS_BUNDLE:
        program = Path(sys.executable).with_name(BUNDLE_COMMAND_LINE)
        return (str(program.with_suffix(Path(sys.executable).suffix)),)
    return (sys.executable, "-m", "advisor")
