"""Which dropped files are taken. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def is_model_file(path: Path) -> bool:
    """True for what may hold a model by its name: a .gguf, or one of Ollama's nameless blobs."""
    return path.suffix.lower() == ".gguf" or path.name.startswith("sha256-")


def folders_and_files(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Each in the order given, and looked at once: there may be a thousand of them, on a slow disk."""
    folders: list[Path] = []
    files: list[Path] = []
    for path in paths:
        (folders if path.is_dir() else files).append(path)
    return folders, files


def split(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """(model files and folders, the rest), each in the order given."""
    taken: list[Path] = []
    refused: list[Path] = []
    for path in paths:
        (taken if is_model_file(path) or path.is_dir() else refused).append(path)
    return taken, refused
