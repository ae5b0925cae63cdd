"""Layers in files that are named by their hash, as Ollama and Docker keep them."""

from __future__ import annotations

import stat
from pathlib import Path

from advisor.gguf.foreign import HEAD_BYTES, foreign_file
from advisor.library.files import because, small_table
from advisor.library.installed import GGUF, NOT_GGUF

_SHOWN_CHARACTERS = 19  # "sha256-" and twelve digits


def looked_at(blobs: list[Path]) -> tuple[str, str | None]:
    """Format and problem of a model's blobs: each must be there and begin as a GGUF."""
    for blob in blobs:
        label = f"{blob.name[:_SHOWN_CHARACTERS]}..."
        try:
            head = _head(blob)
        except FileNotFoundError:
            return GGUF, f"Its file {label} is missing: pull the model again."
        except (OSError, ValueError) as error:
            return GGUF, f"Its file {label} cannot be read: {because(error)}."
        if not head:
            return GGUF, f"Its file {label} is empty: pull the model again."
        if not head.startswith(b"GGUF"):
            return NOT_GGUF, foreign_file(label, head).message
    if len(blobs) > 1:
        return GGUF, f"Its weights are split over {len(blobs)} blobs, which cannot be read together yet."
    return GGUF, None


def layers_in(manifest: Path, limit_bytes: int) -> list[object]:
    """The layers that a manifest lists, as they stand there. Raises OSError, or ValueError with a clause."""
    layers = small_table(manifest, limit_bytes).get("layers") or []
    if not isinstance(layers, list):
        raise ValueError("its layers are not a list")  # noqa: TRY004 - a file's content, not an argument
    return layers


def _head(blob: Path) -> bytes:
    """The first bytes of a blob. Raises OSError, or ValueError for a pipe, which could make us wait."""
    if not stat.S_ISREG(blob.stat().st_mode):
        raise ValueError("it is not an ordinary file")
    with blob.open("rb") as file:
        return file.read(HEAD_BYTES)
