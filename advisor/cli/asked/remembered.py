"""The runtime that someone named last: whose rules hold for a file that belongs to none.

A small file in the user's configuration folder. Nothing depends on it: what cannot be read or written is
as if it were not there, and what cannot be understood is kept beside it before it is written anew.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from advisor.cli.asked.model import runtime_of_word
from advisor.presets import user_presets, write_whole
from advisor.settings.request import Request
from advisor.settings.runtimes import RUNTIMES, runtime_named

_MAX_BYTES = 64 * 1024
_BROKEN = ".broken"  # what is added to the name of a file that cannot be understood


def settings_path() -> Path:
    """Where it is kept. It need not exist."""
    return user_presets().parent / "settings.json"


def remembered_runtime() -> str | None:
    """The runtime that was named last, None if none was."""
    runtime = (_read() or {}).get("runtime")
    return runtime if isinstance(runtime, str) and runtime in RUNTIMES else None


def remember_runtime(runtime: str) -> bool:
    """Keep it for the next time, with whatever else the file holds. False if that is not possible here."""
    path, content = settings_path(), _read()
    if content and content.get("runtime") == runtime:
        return True
    try:
        if content is None:
            path.replace(path.with_name(path.name + _BROKEN))
            content = {}
        write_whole(path, json.dumps({**content, "runtime": runtime}, indent=1).encode("ascii"))
    except (OSError, ValueError):
        return False
    return True


def whose_rules(args: argparse.Namespace, request: Request) -> str:
    """One line: whose rules filled in what was not said, why, and how to have others."""
    title = runtime_named(request.runtime).title
    if args.runtime:
        return f"By the rules of {title}, as you say: from now on also for files that are no program's own."
    if request.runtime is None:
        return f"By the rules of {title}. Others with --runtime, which is then remembered."
    if runtime_of_word(args.model) == request.runtime:
        return f"By the rules of {title}, whose file this is. Others with --runtime."
    return f"By the rules of {title}, which you named last. Others with --runtime."


def _read() -> dict[str, object] | None:
    """What the file holds: nothing if it is not there, None if it cannot be understood."""
    try:
        with settings_path().open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        content = json.loads(data.decode("utf-8")) if len(data) <= _MAX_BYTES else None
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
