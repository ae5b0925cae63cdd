"""The list of models as JSON, and back: what `models --json` prints, and what a child process hands over."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from advisor.basis import Basis
from advisor.library.installed import InstalledModel, LeftOut, Unreadable
from advisor.library.listing.listing import Listed
from advisor.memory.plan import Verdict
from advisor.printable import printable

Document = dict[str, object]


def line_to_dict(line: Listed) -> Document:
    """One entry of `models --json`."""
    model = line.installed
    return {
        "name": printable(model.name, limit=None),
        "other_names": [printable(name, limit=None) for name in model.other_names],
        "store": model.store,
        "other_stores": list(model.other_stores),
        "runtime": model.runtime,
        "path": _path(model.path),
        "projectors": [_path(projector) for projector in model.projectors],
        "format": model.format,
        "size_bytes": model.size_bytes,
        "architecture": line.architecture,
        "quantization": line.quantization,
        "n_ctx_train": line.n_ctx_train,
        "n_ctx_max": line.n_ctx_max,
        "verdict": None if line.verdict is None else str(line.verdict),
        "basis": None if line.verdict is None else str(Basis.FORMULA),
        "problem": line.problem,
    }


def line_from_dict(content: Mapping[str, object], model: InstalledModel) -> Listed:
    """The line of `model` in what `line_to_dict` wrote. Raises ValueError for anything else."""
    verdict = content.get("verdict")
    return Listed(
        model,
        architecture=_text(content, "architecture"),
        quantization=_text(content, "quantization"),
        n_ctx_train=_number(content, "n_ctx_train"),
        n_ctx_max=_number(content, "n_ctx_max"),
        verdict=None if verdict is None else Verdict(str(verdict)),
        problem=_text(content, "problem"),
    )


def left_out_to_dict(file: LeftOut) -> Document:
    return {"path": _path(file.path), "kind": file.kind, "text": printable(file.sentence, limit=None)}


def unreadable_to_dict(trouble: Unreadable) -> Document:
    return {"path": _path(trouble.path), "text": printable(trouble.sentence, limit=None)}


def to_text(content: Document) -> str:
    """On one line, in ASCII: it may have to pass through a pipe of any encoding."""
    return json.dumps(content)


def _path(path: Path) -> str:
    """As text that can be printed: on Unix a name may hold bytes that are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _text(content: Mapping[str, object], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def _number(content: Mapping[str, object], key: str) -> int | None:
    value = content.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{key} is no number")
    return value
