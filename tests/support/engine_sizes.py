"""What llama.cpp itself says a context takes: cache and state of many models, asked in child processes.

A dry run (`no_alloc`) by the plainest means, log lines alone, and independent of `advisor.engine`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# The enum of ggml/include/ggml.h, as far as these tests ask.
TYPE_IDS = {"f16": 1, "q8_0": 8}
FLASH_ATTN_IDS = {"auto": -1, "off": 0, "on": 1}


@dataclass(frozen=True)
class Question:
    """One context. `n_ctx` is the total over all sequences."""

    n_ctx: int
    cache_type: str = "f16"
    flash_attn: str = "on"
    swa_full: bool = False
    n_seq_max: int = 1
    unified: bool = True


@dataclass(frozen=True)
class Sizes:
    """The sizes printed, in MiB with two decimals, one for each cache; None if the engine refused."""

    mebibytes: tuple[float, ...] | None

    def agrees_with(self, n_bytes: int) -> bool:
        """Whether `n_bytes` is the sum, as exactly as two decimals and 32-bit floats can tell."""
        if self.mebibytes is None:
            return False
        printed = sum(self.mebibytes)
        return abs(printed - n_bytes / 2**20) <= 0.0051 * len(self.mebibytes) + 2e-7 * printed


def engine_sizes(paths: Sequence[Path], questions: Sequence[Question]) -> dict[Path, dict[Question, Sizes]]:
    """Every question to every model; raises CalledProcessError if a child does not survive.

    Two children, each with half of the models: their answers are computed on one core each.
    """
    answers: dict[Path, dict[Question, Sizes]] = {path: {} for path in paths}
    with ThreadPoolExecutor(2) as pool:
        for lines in pool.map(lambda part: _answered(part, questions), (paths[::2], paths[1::2])):
            for line in lines:
                row = json.loads(line)
                found = None if row["sizes"] is None else tuple(row["sizes"])
                answers[Path(row["path"])][Question(**row["question"])] = Sizes(found)
    return answers


def _answered(paths: Sequence[Path], questions: Sequence[Question]) -> list[str]:
    task = {"paths": [str(path) for path in paths], "questions": [asdict(q) for q in questions]}
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GGML_NO_BACKTRACE": "1"},
    )
    return done.stdout.splitlines()


_SIZE = re.compile(
    r"(?:llama_kv_cache|llama_memory_recurrent): size = +([\d.]+) MiB"
    r"|llama_dsv4_comp_state: .* size = +([\d.]+) MiB$"
)


def _answer(task: dict[str, Any]) -> None:
    import llama_cpp.llama_cpp as engine

    lines: list[str] = []

    @engine.llama_log_callback
    def note(level: int, text: bytes, _user_data: object) -> None:
        if level >= 2:
            lines.append(text.decode("utf-8", "replace").strip())

    engine.llama_log_set(note, None)
    engine.llama_backend_init()
    for path in task["paths"]:
        load = engine.llama_model_default_params()
        load.no_alloc = True
        load.load_mode = engine.LLAMA_LOAD_MODE_NONE
        load.n_gpu_layers = 0
        model = engine.llama_model_load_from_file(path.encode(), load)
        if not model:
            raise SystemExit(f"{path}: {lines[-3:]}")
        for question in task["questions"]:
            lines.clear()
            context = engine.llama_init_from_model(model, _context_params(engine, question))
            sizes = None
            if context:
                sizes = [float(m[1] or m[2]) for line in lines if (m := _SIZE.search(line))]
                engine.llama_free(context)
            print(json.dumps({"path": path, "question": question, "sizes": sizes}))  # noqa: T201 (its answer)
        engine.llama_model_free(model)


def _context_params(engine: Any, question: dict[str, Any]) -> Any:
    params = engine.llama_context_default_params()
    params.n_ctx = question["n_ctx"]
    params.type_k = params.type_v = TYPE_IDS[question["cache_type"]]
    params.flash_attn_type = FLASH_ATTN_IDS[question["flash_attn"]]
    params.swa_full = question["swa_full"]
    params.n_seq_max = params.n_outputs_max = question["n_seq_max"]
    params.kv_unified = question["unified"]
    params.n_batch, params.n_ubatch = 2048, 512
    return params


if __name__ == "__main__":
    _answer(json.load(sys.stdin))
