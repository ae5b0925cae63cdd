"""Folders that hold a model which is no GGUF: MLX's and Hugging Face's own, of safetensors and a config."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.library.files import file_bytes
from advisor.library.installed import NOT_GGUF, InstalledModel

NOT_A_GGUF = "It is not a GGUF, but a safetensors model (as MLX has them)."


def is_safetensors_model(names: Sequence[str]) -> bool:
    """Whether a folder with files of these names is such a model."""
    return "config.json" in names and any(name.lower().endswith(".safetensors") for name in names)


def safetensors_model(
    folder: Path, names: Sequence[str], *, store: str, name: str, runtime: str | None
) -> InstalledModel | None:
    """The model that `folder` is, None if it is none."""
    if not is_safetensors_model(names):
        return None
    tensors = [folder / file for file in names if file.lower().endswith(".safetensors")]
    return InstalledModel(
        store=store,
        name=name,
        path=folder,
        size_bytes=sum(file_bytes(file) for file in tensors),
        format=NOT_GGUF,
        runtime=runtime,
        problem=NOT_A_GGUF,
    )
