"""What the person at the terminal sees: one line for each long step, one sentence when a step fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK_SECONDS = 30


class SetupStopped(Exception):
    """A step that cannot be completed here: what happened, and what to do next."""

    def __init__(self, sentence: str, *, hint: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended: its exit code, and stdout and stderr together."""

    code: int
    output: str

    @property
    def ok(self) -> bool:
        return self.code == 0


# Runs a command with additions to the environment and returns when it has ended.
Runner = Callable[[Sequence[str], Mapping[str, str]], Finished]


def say(sentence: str) -> None:
    print(sentence, flush=True)


def logged_runner(log: Path) -> Runner:
    """A runner that appends everything to `log` and shows only that time passes.

    The output of pip and of a compiler is long and full of warnings that mean nothing to most people;
    whoever needs it finds it in the file that every failure names.
    """

    def run(command: Sequence[str], additions: Mapping[str, str]) -> Finished:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            sink.write(("\n$ " + " ".join(command) + "\n").encode())
            sink.flush()
            start = sink.tell()
            try:
                process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **additions},
                )
            except OSError as error:
                return Finished(127, f"{command[0]}: {error.strerror}")
            code = _wait(process)
        with log.open("rb") as source:
            source.seek(start)
            return Finished(code, source.read().decode("utf-8", "replace"))

    return run


def _wait(process: subprocess.Popen[bytes]) -> int:
    started = time.monotonic()
    next_tick = TICK_SECONDS
    while True:
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed >= next_tick:
                say(f"  ... {elapsed:.0f} s")
                next_tick += TICK_SECONDS
        except KeyboardInterrupt:
            _stop(process)
            raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def quiet_answer(command: Sequence[str], seconds: float = 10) -> str:
    """What a small tool prints on stdout, or "" if it is missing, fails or does not answer in `seconds`."""
    try:
        done = subprocess.run(list(command), capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def same_command(verb: str, option: str = "") -> str:
    """How the user says `verb` on this system, with an engine where one is meant."""
    if sys.platform == "win32":
        return "run.bat" + (f" --engine {option}" if option else "")
    return f"make {verb}" + (f" ENGINE={option}" if option else "")
