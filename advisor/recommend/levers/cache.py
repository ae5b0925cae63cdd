"""Levers on the KV cache: its types, and whether windowed layers keep the whole context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.recommend.cache_pairs import possible_pairs, with_cache_types
from advisor.recommend.levers.situation import Situation
from advisor.recommend.quality import load_cache_types
from advisor.recommend.result import Alternative, Cost, Lever
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import Request

# Settings that a row has to share with the recommendation for their contexts to differ by cache type alone.
_SAME = ("n_gpu_layers", "n_cpu_moe", "offload_kqv", "split_mode", "main_gpu", "tensor_split", "devices")


def cache_type_levers(now: Situation) -> Iterator[Lever]:
    """Each other pair that the runtime can express; what it holds comes from the table where it is there."""
    known = load_cache_types()
    for k, v in possible_pairs(now.request):
        if (k, v) == (now.settings.cache_type_k, now.settings.cache_type_v):
            continue
        asked = with_cache_types(now.request, k, v)
        plan = now.at_n_ctx(asked)
        if plan is None:
            continue
        quality = known.of(k, v)
        name = k if k == v else f"{k}/{v}"
        lever = now.lever(
            f"cache-type-{k}-{v}",
            f"{name} KV cache",
            _gain(now, asked, k, v),
            now.here.total_bytes - plan.total_bytes,
            "; ".join(part for part in (quality.short if quality else "", _whole_server(now)) if part),
            asked,
            cost=Cost.LITTLE if _is_precise(k) and _is_precise(v) else Cost.SOME,
        )
        if lever.gain_tokens > 0 or lever.gain_bytes > 0:
            yield lever


def window_levers(now: Situation) -> Iterator[Lever]:
    """Windows that keep only what they see, where the runtime keeps the whole context for them."""
    has_windows = any(layer.attention and layer.attention.window for layer in now.facts.layers)
    if not now.settings.swa_full or not has_windows or "swa_full" not in now.runtime.words:
        return
    lever = now.changed(
        "window-only",
        "Windowed layers keep only their window (swa_full off)",
        replace(now.request, swa_full=False),
        detail="an earlier part of a conversation cannot be changed without reading all of it again",
    )
    if lever and (lever.gain_tokens > 0 or lever.gain_bytes > 0):
        yield lever


def _whole_server(now: Situation) -> str:
    return f"set for all models of {now.runtime.title}" if now.runtime.one_cache_type else ""


def _gain(now: Situation, asked: Request, k: str, v: str) -> int:
    for row in now.rows:
        if row.cache_types == (k, v) and _is_alike(row, now.chosen):
            return row.n_ctx_max - now.chosen.n_ctx_max
    return now.gain(now.most(asked))


def _is_alike(row: Alternative, chosen: Alternative) -> bool:
    return all(getattr(row.settings, name) == getattr(chosen.settings, name) for name in _SAME)


def _is_precise(cache_type: str) -> bool:
    """Sources agree on eight bits and more (presets/cache_types.toml)."""
    return CACHE_TYPES.index(cache_type) <= CACHE_TYPES.index("q8_0")
