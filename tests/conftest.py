"""Hygiene for every test: no window, no trace in the user's directories, no process left behind.

Qt is not imported here: the tests of `advisor/` run on a machine without it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

# Before any test module can import Qt; a test of the real window sets its own platform for its child process.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from hypothesis import settings

from tests.support.child_processes import children, left_running

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# What platformdirs, Qt and the programs whose directories are read take for the user's own.
USER_DIRECTORIES = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
}


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One name after another for the homes of the tests; pytest's own numbering looks through all of them."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _user_directories(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home for each test, so that none reads or changes the person's own settings and history."""
    home = next(_homes)
    home.mkdir()
    for variable, place in USER_DIRECTORIES.items():
        monkeypatch.setenv(variable, str(home / place))


@pytest.fixture(autouse=True)
def _no_process_left(_user_directories: None) -> Iterator[None]:
    """Fail a test that leaves a child process running, and name it.

    A process that a fixture of wider scope started before the test is that fixture's to end.
    """
    before = children()
    yield
    left = left_running(before)
    if left:
        pytest.fail("left running: " + "; ".join(left))
