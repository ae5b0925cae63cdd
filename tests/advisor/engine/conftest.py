from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.gguf.reader import read_header
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from tests.support.gguf_bytes import expand_head


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """The test leaves no process, no zombie, no thread and no open pipe."""
    files, threads = _open_files(), set(threading.enumerate())
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert _open_files() == files
    assert set(threading.enumerate()) == threads


def _open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineClient]:
    """The engine itself, one process for all questions of a module."""
    with EngineClient() as client:
        client.hello()
        yield client


@pytest.fixture
def head(tmp_path: Path) -> Callable[[str], ModelFacts]:
    """What a model of tests/data/heads is; its file has the full size, without the weights."""

    def head(name: str) -> ModelFacts:
        return read_facts(read_header(expand_head(name, tmp_path)))

    return head
