"""How the engine process is started: which Python, which worker, which environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORKER = Path(__file__).resolve().parent / "worker"

# A bundle has no Python to start: its command line runs the worker when it is told so first.
WORKER_FLAG = "--engine-worker"
BUNDLE_COMMAND_LINE = "context-advisor"
IS_BUNDLE = bool(getattr(sys, "frozen", False))

# What the bundle's starter points at the bundle's own libraries, with what it was before in NAME_ORIG.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Launch:
    """One way to start the worker.

    `python` may be another Python, one that has a build of llama-cpp-python for the GPU. `library_dir` holds
    another llama.cpp library for the bindings to load. `environment` is added last.
    """

    python: str = sys.executable
    library_dir: Path | None = None
    worker: Path = WORKER
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        if IS_BUNDLE and self.python == sys.executable:
            program = Path(sys.executable).with_name(BUNDLE_COMMAND_LINE)
            return (str(program.with_suffix(Path(sys.executable).suffix)), WORKER_FLAG, str(self.worker))
        return (self.python, str(self.worker))

    def child_environment(self, parent: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The child's whole environment, from the parent's."""
        child = dict(parent)
        # With it CUDA borrows RAM without a word, and nothing ever fails to fit.
        child.pop("GGML_CUDA_ENABLE_UNIFIED_MEMORY", None)
        # Else an abort starts a debugger, which takes seconds.
        child["GGML_NO_BACKTRACE"] = "1"
        # What a context took is given back, all of it: glibc would keep blocks of up to 32 MiB once one was
        # freed (mallopt(3), M_MMAP_THRESHOLD), and they would count against the next context.
        child.setdefault("MALLOC_MMAP_THRESHOLD_", "1048576")
        if self.python != sys.executable:
            child.pop("PYTHONHOME", None)  # names the standard library of this Python, not of that one
            for name in _LIBRARY_PATHS if IS_BUNDLE else ():
                _restore(child, name)
        if self.library_dir is not None:
            child["LLAMA_CPP_LIB_PATH"] = str(self.library_dir.absolute())
        child.update(self.environment)
        return child


def _restore(environment: dict[str, str], name: str) -> None:
    """The variable as it was before the bundle started: another Python has libraries of its own."""
    before = environment.pop(f"{name}_ORIG", None)
    environment.pop(name, None)
    if before is not None:
        environment[name] = before
