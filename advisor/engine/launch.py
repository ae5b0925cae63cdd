"""How the engine process is started: which Python, which worker, which environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORKER = Path(__file__).resolve().parent / "worker"


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
        return (self.python, str(self.worker))

    def child_environment(self, parent: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The child's whole environment, from the parent's."""
        child = dict(parent)
        # With it CUDA borrows RAM without a word, and nothing ever fails to fit.
        child.pop("GGML_CUDA_ENABLE_UNIFIED_MEMORY", None)
        # Else an abort starts a debugger, which takes seconds.
        child["GGML_NO_BACKTRACE"] = "1"
        if self.python != sys.executable:
            child.pop("PYTHONHOME", None)  # names the standard library of this Python, not of that one
        if self.library_dir is not None:
            child["LLAMA_CPP_LIB_PATH"] = str(self.library_dir.absolute())
        child.update(self.environment)
        return child
