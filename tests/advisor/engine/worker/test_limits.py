from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from advisor.engine.worker.limits import CACHE_TYPES, MAX_N_CTX, check_context
from advisor.engine.worker.refusal import Refusal
from advisor.units import MiB

SOUND: dict[str, Any] = {
    "n_ctx": 4096,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "n_outputs_max": 1,
    "cache_type_k": "f16",
    "cache_type_v": "f16",
}


@pytest.mark.parametrize(
    "change",
    [
        {"n_ctx": 0},
        {"n_ctx": -1},
        {"n_ctx": MAX_N_CTX + 1},
        {"n_batch": 0},
        {"n_batch": -5},
        {"n_ubatch": 0},
        {"n_ubatch": 2**40},
        {"n_seq_max": 0},
        {"n_seq_max": 257, "n_outputs_max": 257},
        {"n_seq_max": 4, "n_outputs_max": 3},
        {"n_outputs_max": -1},
        {"n_seq_max": 4, "n_outputs_max": 0, "n_batch": 2},
        {"n_seq_max": 4, "n_outputs_max": 0, "n_ctx": 2},
        {"cache_type_k": "q4_K"},
        {"cache_type_v": "mxfp4"},
        {"cache_type_v": ""},
        {"cache_type_k": "F16"},
    ],
)
def test_what_would_abort_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as raised:
        check_context({**SOUND, **change})
    assert raised.value.kind == "request"
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"n_ctx": MAX_N_CTX},
        {"n_ctx": 1},
        {"n_seq_max": 256, "n_outputs_max": 256},
        {"n_seq_max": 4, "n_outputs_max": 0},
        {"n_ubatch": 4096},
        *({"cache_type_k": name, "cache_type_v": name} for name in CACHE_TYPES),
    ],
)
def test_what_llama_cpp_takes_passes(change: dict[str, Any]) -> None:
    check_context({**SOUND, **change})


def test_the_cap_holds() -> None:
    program = (
        "from advisor.engine.worker.limits import cap_memory\n"
        f"cap_memory({256 * MiB})\n"
        f"small = bytearray({64 * MiB})\n"
        "try:\n"
        f"    bytearray({512 * MiB})\n"
        "except MemoryError:\n"
        "    print('capped')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "capped\n"
