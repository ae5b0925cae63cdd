"""The readers of other programs that `make rig` sets up for the Python that runs the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from environment import readers

PROGRAMS = Path(__file__).resolve().parents[1] / "runtimes"


def modules() -> Path:
    """The folder that node looks into for packages.

    Skips the test that asks where they were never set up; in CI that is a failure.
    """
    directory = Path(sys.prefix) / readers.DIRECTORY
    if (directory / readers.RECORD).is_file():
        return directory / readers.MODULES
    reason = "The readers of exports are not set up: run make rig."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def node(*words: str | Path, said: str = "") -> subprocess.CompletedProcess[str]:
    """node with these words, in the folder of the packages; `said` is its standard input."""
    folder = modules().parent
    return subprocess.run(
        ["node", *map(str, words)],
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def answers(program: str, questions: Sequence[object]) -> list[dict[str, Any]]:
    """What a program of tests/runtimes says to each question: {"read": ...} or {"refused": why}."""
    done = node(PROGRAMS / program, modules(), said=json.dumps(questions))
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) == len(questions)
    return found
