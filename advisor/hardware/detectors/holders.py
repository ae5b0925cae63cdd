"""Which programs hold a GPU's memory, by name, and the command with which each gives it back.

For explaining only: drivers list neither every program nor every byte, so nothing is computed from this.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from advisor.hardware.detectors.kernel_files import read_text
from advisor.hardware.device import Holder

# More manifests than a person has models; a wandering symlink must not cost seconds.
_MAX_MANIFESTS = 2000
_MAX_HOLDERS = 8
# manifests/<host>/<owner>/<model>/<tag>; the usual host and owner are left out of a name.
_MANIFEST_PARTS = 4
_OLLAMA_HOST, _OLLAMA_OWNER = "registry.ollama.ai", "library"
_BLOB = re.compile(r"(?P<models>.+?)[/\\]blobs[/\\]sha256[-:](?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Process:
    """A running program: its short name and its command line."""

    name: str
    command: tuple[str, ...] = ()


def process_reader(root: Path, platform: str = sys.platform) -> Callable[[int], Process | None]:
    """A function that tells what runs under a process id, or None: from /proc, elsewhere through psutil."""
    return (lambda pid: _from_proc(root, pid)) if platform == "linux" else _from_psutil


def holders(
    uses: Iterable[tuple[int, int | None]],
    read_process: Callable[[int], Process | None],
    root: Path = Path("/"),
    platform: str = sys.platform,
) -> tuple[Holder, ...]:
    """One holder a program, the largest first, from (process id, bytes or None) pairs.

    A process may be listed twice (compute and graphics): the larger figure counts. This process is left out.
    """
    by_pid: dict[int, int | None] = {}
    for pid, n_bytes in uses:
        by_pid[pid] = max((by_pid.get(pid), n_bytes), key=lambda n: -1 if n is None else n)
    by_pid.pop(os.getpid(), None)
    by_program: dict[tuple[str, str | None], int | None] = {}
    for pid, n_bytes in by_pid.items():
        process = read_process(pid) or Process(f"process {pid}")
        key = _program(process), _release_command(process, pid, root, platform)
        known = by_program.get(key)
        by_program[key] = n_bytes if known is None else known + (n_bytes or 0)
    found = [Holder(name, n_bytes, command) for (name, command), n_bytes in by_program.items()]
    return tuple(sorted(found, key=lambda holder: (-(holder.n_bytes or 0), holder.name))[:_MAX_HOLDERS])


def _from_proc(root: Path, pid: int) -> Process | None:
    name = read_text(root / f"proc/{pid}/comm")
    if name is None:
        return None
    command = read_text(root / f"proc/{pid}/cmdline") or ""
    return Process(name, tuple(part for part in command.split("\0") if part))


def _from_psutil(pid: int) -> Process | None:
    import psutil

    try:
        process = psutil.Process(pid)
        name = process.name()
    except (psutil.Error, OSError):
        return None
    try:
        return Process(name, tuple(process.cmdline()))
    except (psutil.Error, OSError):
        return Process(name)


def _program(process: Process) -> str:
    """What a person calls the program. Only names leave this module, never paths or user names."""
    if _is_ollama(process):
        return "Ollama"
    if _is_lm_studio(process):
        return "LM Studio"
    return PurePath(process.name.replace("\\", "/")).name.removesuffix(".exe")


def _release_command(process: Process, pid: int, root: Path, platform: str) -> str | None:
    if _is_ollama(process):
        name = _ollama_model(process, root)
        return f"ollama stop {shlex.quote(name)}" if name else "ollama ps; ollama stop NAME"
    if _is_lm_studio(process):
        return "lms unload --all"
    if _executable(process) == "llama-server":
        return f"taskkill /PID {pid}" if platform == "win32" else f"kill {pid}"
    return None


def _executable(process: Process) -> str:
    name = process.command[0] if process.command else process.name
    return PurePath(name.replace("\\", "/")).name.lower().removesuffix(".exe")


def _is_ollama(process: Process) -> bool:
    """Its runners are "ollama runner ..." or a llama-server from a folder of its own."""
    first = (process.command[0] if process.command else process.name).lower()
    return "ollama" in process.name.lower() or "ollama" in first


def _is_lm_studio(process: Process) -> bool:
    words = f"{process.name} {process.command[0] if process.command else ''}".lower()
    return any(mark in words for mark in ("lm studio", "lm-studio", "lmstudio", ".lmstudio", "llmster"))


def _ollama_model(process: Process, root: Path) -> str | None:
    """The model's name, from the manifest that lists the blob which the runner was started with."""
    for argument in process.command:
        match = _BLOB.search(argument)
        if not match:
            continue
        manifests = root / match["models"].lstrip("/") / "manifests"
        try:
            files = sorted(islice((path for path in manifests.rglob("*") if path.is_file()), _MAX_MANIFESTS))
        except OSError:
            return None
        for path in files:
            if match["digest"] in (read_text(path) or ""):
                return _name_of_manifest(path.relative_to(manifests).parts)
    return None


def _name_of_manifest(parts: Sequence[str]) -> str | None:
    """registry.ollama.ai/library/llama3.1/8b is called llama3.1:8b; None for a file at another depth."""
    if len(parts) != _MANIFEST_PARTS:
        return None
    host, owner, model, tag = parts
    if host != _OLLAMA_HOST:
        return f"{host}/{owner}/{model}:{tag}"
    return f"{model}:{tag}" if owner == _OLLAMA_OWNER else f"{owner}/{model}:{tag}"
