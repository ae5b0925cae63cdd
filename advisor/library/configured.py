"""A model that a program's own configuration names: the file that it means, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import GgufError
from advisor.gguf.shards import shard_paths
from advisor.library.files import because, file_bytes
from advisor.library.installed import InstalledModel
from advisor.printable import printable


def configured_model(
    store: str, name: str, base: Path, said: str, projector: str | None = None, *, runtime: str | None = None
) -> InstalledModel:
    """The model at `said`, a path below `base` or an absolute one; a `problem` says that it is not there."""
    path = base / said
    projectors = (base / projector,) if projector and file_bytes(base / projector) else ()
    try:
        parts = shard_paths(path)
        parts[0].stat()
    except FileNotFoundError:
        problem = f"Its file {printable(path.name)} is missing."
        return InstalledModel(store, name, path, 0, runtime=runtime, problem=problem)
    except GgufError as error:
        return InstalledModel(store, name, path, 0, runtime=runtime, problem=error.message)
    except (OSError, ValueError) as error:
        problem = f"Its file {printable(path.name)} cannot be read: {because(error)}."
        return InstalledModel(store, name, path, 0, runtime=runtime, problem=problem)
    size_bytes = sum(file_bytes(part) for part in parts)
    return InstalledModel(store, name, parts[0], size_bytes, projectors=projectors, runtime=runtime)
