"""From settings back to the request that they come of, and requests changed in one thing."""

from __future__ import annotations

from dataclasses import replace

from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import asked_n_ctx, resolve

# Said only where the runtime would do otherwise by itself, so that its own rules go on following the context.
_WHERE_DIFFERENT = (
    *("n_batch", "n_ubatch", "kv_unified", "swa_full", "offload_kqv", "n_cpu_moe", "override_tensor"),
    *("split_mode", "main_gpu", "tensor_split", "devices", "rope"),
)


def request_of(settings: LoadSettings, facts: ModelFacts) -> Request:
    """The request that `resolve` makes `settings` of, for the same model.

    Slots with a cache of their own are asked for as users, each with an own context. Raises SettingsError
    for settings that cannot be.
    """
    every = settings.n_gpu_layers >= facts.all_gpu_layers
    asked = Request(
        runtime=settings.runtime,
        cache_type_k=settings.cache_type_k,
        cache_type_v=settings.cache_type_v,
        flash_attn=settings.flash_attn,
        n_gpu_layers=ALL_LAYERS if every else settings.n_gpu_layers,
    )
    split = settings.n_seq_max > 1 and not settings.kv_unified
    asked = (
        replace(asked, users=settings.n_seq_max) if split else replace(asked, n_seq_max=settings.n_seq_max)
    )
    asked = replace(asked, n_ctx=asked_n_ctx(asked, settings))
    alone = resolve(asked, facts)
    different = {
        name: getattr(settings, name)
        for name in _WHERE_DIFFERENT
        if getattr(alone, name) != getattr(settings, name)
    }
    return replace(asked, **different)


def with_slots(request: Request, facts: ModelFacts, n_seq_max: int) -> Request:
    """The same for so many at once: each keeps an own context where the runtime splits the cache.

    Raises SettingsError where the runtime cannot have that many.
    """
    split = replace(request, users=n_seq_max if n_seq_max > 1 else None, n_seq_max=None, kv_unified=None)
    if n_seq_max > 1 and not resolve(split, facts).kv_unified:
        return split
    return replace(split, users=None, n_seq_max=n_seq_max)
