"""What must be refused before llama.cpp is asked, because it would abort, and the cap on our own memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from .refusal import Refusal

# common/arg.cpp: kv_cache_types, with ggml's type ids (llama_cpp has no constant for bf16).
CACHE_TYPES = {
    "f32": 0,
    "f16": 1,
    "bf16": 30,
    "q8_0": 8,
    "q5_1": 7,
    "q5_0": 6,
    "q4_1": 3,
    "iq4_nl": 20,
    "q4_0": 2,
}
MAX_N_CTX = 16 * 1024 * 1024
MAX_SEQUENCES = 256  # LLAMA_MAX_SEQ, src/llama-cparams.h


def check_context(request: dict[str, Any]) -> None:
    """Raises Refusal for a context on which llama.cpp aborts, or whose arithmetic it does not check."""
    n_ctx, n_batch = request["n_ctx"], request["n_batch"]
    n_seq_max, n_outputs_max = request["n_seq_max"], request["n_outputs_max"]
    if not 0 < n_ctx <= MAX_N_CTX:
        raise Refusal("request", f"A context of {n_ctx} tokens is not between 1 and {MAX_N_CTX}.")
    for name in ("n_batch", "n_ubatch"):
        if not 0 < request[name] <= MAX_N_CTX:
            raise Refusal("request", f"{name} = {request[name]} is not between 1 and {MAX_N_CTX}.")
    if not 0 < n_seq_max <= MAX_SEQUENCES:
        raise Refusal("request", f"n_seq_max = {n_seq_max} is not between 1 and {MAX_SEQUENCES}.")
    # 0 stands for n_batch; fewer outputs than sequences abort in output_reserve.
    if n_outputs_max < 0 or (n_outputs_max or min(n_batch, n_ctx)) < n_seq_max:
        raise Refusal("request", f"n_outputs_max = {n_outputs_max} is less than n_seq_max = {n_seq_max}.")
    for name in ("cache_type_k", "cache_type_v"):
        if request[name] not in CACHE_TYPES:
            raise Refusal("request", f'"{request[name]}" is not a cache type that llama.cpp offers.')


def cap_memory(allowance_bytes: int) -> None:
    """Limits what this process may still allocate, where the system can: Linux, and nothing elsewhere.

    Recurrent state is really allocated and zeroed by a dry run. RLIMIT_DATA rather than RLIMIT_AS: a GPU
    driver reserves address space by the terabyte, and mapped files do not count here.
    """
    if sys.platform != "linux":
        return
    import resource  # here: Windows has no such module

    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    used_kib = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:")), 0)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used_kib * 1024 + allowance_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))
