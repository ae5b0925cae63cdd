"""Small system programs, asked with a deadline. Tests put recorded answers in place of `run`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Runner = Callable[[Sequence[str]], str]

TIMEOUT_S = 4.0


def run(command: Sequence[str]) -> str:
    """What a program prints, whatever its exit code. Raises OSError if it cannot run or takes too long."""
    import subprocess  # 20-30 ms, and most computers never need it

    try:
        done = subprocess.run(  # noqa: S603 - fixed commands with absolute paths, no user input
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} did not answer") from error
    return done.stdout
