"""The child process that reads headers for a window: a question a line on stdin, its answer on stdout.

Parsing holds the interpreter, so a window that did it itself would stutter. The child ends with its stdin.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from advisor.hardware.device import Hardware
from advisor.hardware.document import hardware_from_dict
from advisor.library.installed import InstalledModel
from advisor.library.listing import header_cache
from advisor.library.listing.lines import left_out_to_dict, line_to_dict, to_text
from advisor.library.listing.listing import Listed, listed_or_left_out


def question(model: InstalledModel, hardware: Mapping[str, object] | None) -> str:
    """What to ask for `model`; without `hardware` the last one that was given counts."""
    asked = {
        "store": model.store,
        "name": model.name,
        "path": os.fspath(model.path),
        "runtime": model.runtime,
    }
    return json.dumps({"model": asked, "hardware": hardware}) + "\n"


def serve(questions: Iterable[str], answers: IO[str]) -> None:
    """Answer until the questions end. Raises AdvisorError and ValueError for what no parent asks."""
    hardware: Hardware | None = None
    with header_cache.opened() as cache:
        for text in questions:
            asked = json.loads(text)
            if asked["hardware"] is not None:
                hardware = hardware_from_dict(asked["hardware"])
            if hardware is None:
                raise ValueError("no hardware was given")
            model = _model(asked["model"])
            for answer in listed_or_left_out((model,), hardware, cache):
                found = (
                    {"model": line_to_dict(answer)}
                    if isinstance(answer, Listed)
                    else {"left_out": left_out_to_dict(answer)}
                )
                answers.write(to_text(dict(found)) + "\n")
                answers.flush()
            cache.save()  # the parent may end this process at any time, and others may want to write


def _model(asked: Mapping[str, str]) -> InstalledModel:
    return InstalledModel(asked["store"], asked["name"], Path(asked["path"]), 0, runtime=asked["runtime"])
