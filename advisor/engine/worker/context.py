"""One context, made dry and given up again: what it would take, kind of buffer by kind of buffer."""

from __future__ import annotations

import time
from typing import Any

from .breakdown import Breakdown
from .devices import Devices
from .library import Library
from .limits import CACHE_TYPES
from .log import EngineLog
from .model import OpenModel
from .native import Native
from .refusal import Refusal

FLASH_ATTN = {"auto": -1, "off": 0, "on": 1}  # enum llama_flash_attn_type


def make_context(
    library: Library,
    devices: Devices,
    breakdown: Breakdown | None,
    log: EngineLog,
    model: OpenModel,
    request: dict[str, Any],
) -> dict[str, Any]:
    """The answer for one context that was checked; raises Refusal with llama.cpp's own words for a no."""
    llama = library.llama
    params = context_parameters(llama, request)
    started = time.perf_counter()
    context = llama.llama_init_from_model(model.handle, params)
    seconds = time.perf_counter() - started
    if not context:
        raise Refusal("engine", "llama.cpp does not make this context.", log.complaints)
    try:
        return {
            "n_ctx": llama.llama_n_ctx(context),
            "n_ctx_seq": llama.llama_n_ctx_seq(context),
            "n_batch": llama.llama_n_batch(context),
            "n_ubatch": llama.llama_n_ubatch(context),
            "n_seq_max": llama.llama_n_seq_max(context),
            "buffers": buffers_of(devices, breakdown, context),
            "lines": log.lines,
            "seconds": seconds,
        }
    finally:
        llama.llama_free(context)


def context_parameters(llama: Native, request: dict[str, Any]) -> Native:
    params = llama.llama_context_default_params()
    for name in ("n_ctx", "n_batch", "n_ubatch", "n_seq_max", "n_outputs_max"):
        setattr(params, name, request[name])
    for name in ("kv_unified", "swa_full", "offload_kqv", "op_offload"):
        setattr(params, name, request[name])
    params.type_k = CACHE_TYPES[request["cache_type_k"]]
    params.type_v = CACHE_TYPES[request["cache_type_v"]]
    if request["flash_attn"] not in FLASH_ATTN:
        raise Refusal("request", f'"{request["flash_attn"]}" is not a choice for flash attention.')
    params.flash_attn_type = FLASH_ATTN[request["flash_attn"]]
    return params


def buffers_of(devices: Devices, breakdown: Breakdown | None, context: Native) -> list[dict[str, Any]] | None:
    entries = None if breakdown is None else breakdown.of(context)
    if entries is None:
        return None
    described = [
        {
            "buffer": devices.buffer_name(buffer_type),
            "device": devices.device_of_buffer(buffer_type),
            "weights_bytes": sizes.model,
            "context_bytes": sizes.context,
            "compute_bytes": sizes.compute,
        }
        for buffer_type, sizes in entries
    ]
    # The map is in the order of addresses, which is nobody's.
    return sorted(described, key=lambda entry: (devices.position(entry["device"]), entry["buffer"]))
