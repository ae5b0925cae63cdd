"""The pairs of K and V cache types worth a row, and the requests for them."""

from __future__ import annotations

from dataclasses import replace

from advisor.settings.request import Request
from advisor.settings.runtimes import runtime_named

# K and V types worth a row, by falling precision. Uneven pairs need a runtime that can say them.
CACHE_PAIRS = (("f16", "f16"), ("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_0", "q4_0"))


def with_cache_types(request: Request, cache_type_k: str, cache_type_v: str) -> Request:
    """`request` with those types, and with flash attention where a quantized V needs it to be asked for."""
    runtime = runtime_named(request.runtime)
    quantized_v = cache_type_v not in {"f32", "f16", "bf16"}
    flash_attn = request.flash_attn
    if flash_attn is None and runtime.flash_attn == "off" and quantized_v:
        flash_attn = "on"
    return replace(request, cache_type_k=cache_type_k, cache_type_v=cache_type_v, flash_attn=flash_attn)


def possible_pairs(request: Request) -> tuple[tuple[str, str], ...]:
    """The pairs that the runtime can express, those that the user named first."""
    runtime = runtime_named(request.runtime)
    pairs = [(k, v) for k, v in CACHE_PAIRS if k == v or not runtime.one_cache_type]
    if request.cache_type_k or request.cache_type_v:
        k = request.cache_type_k or (request.cache_type_v if runtime.one_cache_type else None) or "f16"
        v = request.cache_type_v or (k if runtime.one_cache_type else "f16")
        pairs = [(k, v), *(pair for pair in pairs if pair != (k, v))]
    return tuple(pairs)
