"""What a real load takes, buffer by buffer, read from llama.cpp after it: a child process for one load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from advisor.engine.launch import WORKER
from advisor.settings.load_settings import LoadSettings

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class RealBuffer:
    """One kind of buffer ("Vulkan0", "CPU_Mapped") in bytes; the context is KV cache and recurrent state."""

    weights_bytes: int
    context_bytes: int
    compute_bytes: int


def real_buffers(path: Path, settings: LoadSettings, environment: Mapping[str, str]) -> dict[str, RealBuffer]:
    """The buffers of a load that has really been made; raises CalledProcessError if it could not be."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.real_load"],
        cwd=ROOT,
        input=json.dumps({"path": str(path), "settings": asdict(settings)}),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment, "GGML_NO_BACKTRACE": "1"},
    )
    return {name: RealBuffer(*sizes) for name, sizes in json.loads(done.stdout).items()}


def _answer(task: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    sys.path.insert(0, str(WORKER.parent))
    from worker import breakdown, context, devices, library

    loaded = library.Library()
    loaded.start()
    names = devices.Devices(loaded)
    llama, settings = loaded.llama, task["settings"]
    load = llama.llama_model_default_params()
    load.n_gpu_layers = settings["n_gpu_layers"]
    model = llama.llama_model_load_from_file(os.fsencode(task["path"]), load)
    made = llama.llama_init_from_model(model, context.context_parameters(llama, settings))
    found = breakdown.find(loaded)
    entries = found.of(made) if made and found else None
    if entries is None:
        raise SystemExit("The load failed.")
    return {names.buffer_name(kind): (sizes.model, sizes.context, sizes.compute) for kind, sizes in entries}


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))), flush=True)  # noqa: T201 (its answer)
    os._exit(0)  # at once: nothing here needs to be given back
