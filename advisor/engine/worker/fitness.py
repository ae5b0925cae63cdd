"""Whether the loaded library's structures are those that the bindings describe.

Another library can be loaded behind the same bindings (LLAMA_CPP_LIB_PATH). Its default parameters are read
through the bindings' structures: if they are not the values we know, the fields lie elsewhere.
"""

from __future__ import annotations

import ctypes
import platform
from typing import Any

from .native import Native

# What the dry run sets; bindings without these fields are older than dry runs.
NEEDED_FIELDS = {
    "llama_model_params": {"no_alloc", "load_mode", "kv_overrides", "devices", "tensor_buft_overrides"},
    "llama_context_params": {"flash_attn_type", "kv_unified", "n_outputs_max", "n_seq_max", "swa_full"},
}

# llama_model_default_params() and llama_context_default_params() as we know them (src/llama-model.cpp,
# src/llama-context.cpp).
KNOWN_DEFAULTS: dict[str, dict[str, float]] = {
    "llama_model_params": {
        "n_gpu_layers": -1,
        "split_mode": 1,
        "load_mode": -1,
        "lazy_mode": 1,
        "main_gpu": 0,
        "vocab_only": 0,
        "check_tensors": 0,
        "use_extra_bufts": 1,
        "no_host": 0,
        "no_alloc": 0,
        "load_mtp": 0,
    },
    "llama_context_params": {
        "n_ctx": 512,
        "n_batch": 2048,
        "n_ubatch": 512,
        "n_seq_max": 1,
        "n_rs_seq": 0,
        "n_outputs_max": 0,
        "n_outputs_max_per_seq": 1,
        "n_threads": 4,
        "n_threads_batch": 4,
        "ctx_type": 0,
        "rope_scaling_type": -1,
        "pooling_type": -1,
        "attention_type": -1,
        "flash_attn_type": -1,
        "rope_freq_base": 0.0,
        "rope_freq_scale": 0.0,
        "yarn_ext_factor": -1.0,
        "yarn_attn_factor": -1.0,
        "yarn_beta_fast": -1.0,
        "yarn_beta_slow": -1.0,
        "yarn_orig_ctx": 0,
        "defrag_thold": -1.0,
        "type_k": 1,
        "type_v": 1,
        "embeddings": 0,
        "offload_kqv": 1,
        "no_perf": 1,
        "op_offload": 1,
        "swa_full": 1,
        "kv_unified": 0,
        "n_samplers": 0,
    },
}

ROOM_BYTES, MARK = 1024, 0xA5


def unfit(llama: Native) -> str | None:
    """Why this library cannot be trusted, as a sentence, or None."""
    for name, needed in NEEDED_FIELDS.items():
        fields = {field[0] for field in getattr(getattr(llama, name, None), "_fields_", ())}
        if not needed <= fields:
            return "The installed llama-cpp-python is too old to plan a model without loading it."
    for name, known in KNOWN_DEFAULTS.items():
        different = different_field(llama, name, known)
        if different is not None:
            return (
                "The llama.cpp library is not the one that the installed llama-cpp-python describes: "
                f"{name} differs in {different}."
            )
    return None


def different_field(llama: Native, name: str, known: dict[str, float]) -> str | None:
    """The first field of a structure whose default is not as known, or None."""
    structure: Native = getattr(llama, name)
    function = name.replace("_params", "_default_params")
    written = _bytes_written(llama, function)
    if written is not None and written > ctypes.sizeof(structure):
        return "its size"
    answer = _answer(llama, function, structure)
    raw = bytes(answer)
    for field, value in known.items():
        got: Any = getattr(answer, field, None)
        if isinstance(got, bool):
            got = raw[getattr(structure, field).offset]  # any byte but 0 reads as True; a real bool is 1
        if got != value:
            return field
    return None


def _answer(llama: Native, function_name: str, structure: Native) -> Native:
    """The structure that a function without arguments returns."""

    class Roomy(ctypes.Structure):
        """With room behind it: a library whose structure is larger must not write past ours."""

        _fields_ = [("known", structure), ("beyond", ctypes.c_ubyte * ROOM_BYTES)]

    function = _function(llama, function_name)
    function.restype, function.argtypes = Roomy, []
    return structure.from_buffer_copy(bytes(function()))


def _bytes_written(llama: Native, function_name: str) -> int | None:
    """How many bytes a function without arguments writes as its result; None where that cannot be seen.

    On x86-64 a large structure is returned through a pointer that is passed like a first argument (System V
    and Windows alike), so the result can be put into memory that was marked before.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    marked = (ctypes.c_ubyte * ROOM_BYTES)(*[MARK] * ROOM_BYTES)
    function = _function(llama, function_name)
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    function(ctypes.addressof(marked))
    return len(bytes(marked).rstrip(bytes([MARK])))


def _function(llama: Native, name: str) -> Native:
    # By index ctypes makes a new object: the bindings' own keeps its result type.
    return llama._lib[name]  # noqa: SLF001 - the bindings' only handle
