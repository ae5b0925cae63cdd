"""What bounds the context, why these cache types, where the layers are."""

from __future__ import annotations

from advisor.basis import Note
from advisor.model.facts import ModelFacts
from advisor.recommend.reasons.spelling import cache_name, with_article
from advisor.recommend.result import Alternative
from advisor.settings.load_settings import LoadSettings
from advisor.settings.runtimes import runtime_named
from advisor.units import format_bytes, format_tokens


def bound_reasons(
    chosen: Alternative,
    rows: tuple[Alternative, ...],
    facts: ModelFacts,
    *,
    at_training_context: bool,
    holds_wish: bool,
) -> tuple[Note, ...]:
    """What bounds the context, why these cache types, where the layers are, what must be said there."""
    if not chosen.n_ctx_max:
        return (_too_big(chosen),)
    settings = chosen.settings
    found = [_bound(chosen, facts, at_training_context=at_training_context)]
    if keeps_cache(facts):
        found.append(_cache_type(chosen, rows, holds_wish=holds_wish))
    if len(chosen.plan.memory) > 1:
        found.append(_layers(settings, facts))
    runtime = runtime_named(settings.runtime)
    if runtime.flash_attn == "off" and settings.flash_attn == "on":
        text = f"{runtime.title} must be told flash_attn=True for a {settings.cache_type_v} V cache."
        found.append(Note("flash-attention", text, {"cache_type_v": settings.cache_type_v}))
    return tuple(found)


def keeps_cache(facts: ModelFacts) -> bool:
    """Whether any layer has a KV cache: the cache types of others change nothing."""
    return facts.has_cache and any(layer.attention for layer in facts.layers)


def _cache_type(chosen: Alternative, rows: tuple[Alternative, ...], *, holds_wish: bool) -> Note:
    name = cache_name(chosen.settings)
    if holds_wish:
        why, text = "wish", f"With {with_article(name)} KV cache there is room for what this goal wants."
    elif all(row.n_ctx_max <= chosen.n_ctx_max for row in rows):
        why, text = "most", f"{with_article(name).capitalize()} KV cache holds the most here."
    else:
        why, text = "most-precise", f"Of the KV cache types that this goal accepts, {name} holds the most."
    values = {"cache_type_k": chosen.settings.cache_type_k, "cache_type_v": chosen.settings.cache_type_v}
    return Note("cache-type", text, {**values, "holds": why})


def _too_big(chosen: Alternative) -> Note:
    if chosen.at_device_limit:
        n_ctx = format_tokens(chosen.settings.n_ctx)
        text = f"The GPU cannot work on the KV cache of even {n_ctx} tokens."
        return Note("device-limit", text, {"n_ctx": chosen.settings.n_ctx})
    worst = max(chosen.plan.memory, key=lambda line: line.total_bytes - line.usable_bytes)
    return Note(
        "does-not-fit",
        f"Even {format_tokens(chosen.settings.n_ctx)} tokens take {format_bytes(worst.total_bytes)} on "
        f"{worst.device_name}, where {format_bytes(worst.usable_bytes)} are usable.",
        {
            "n_ctx": chosen.settings.n_ctx,
            "device": worst.device,
            "total_bytes": worst.total_bytes,
            "usable_bytes": worst.usable_bytes,
        },
    )


def _bound(chosen: Alternative, facts: ModelFacts, *, at_training_context: bool) -> Note:
    if at_training_context:
        n_ctx_train = format_tokens(facts.n_ctx_train)
        text = f"The model was trained for {n_ctx_train} tokens; memory would hold more."
        if keeps_cache(facts):
            cache = f"{with_article(cache_name(chosen.settings))} KV cache"
            text = f"The model was trained for {n_ctx_train} tokens; with {cache} memory would hold more."
        return Note("training-context", text, {"n_ctx_train": facts.n_ctx_train})
    if chosen.at_device_limit:
        return Note(
            "device-limit",
            f"The GPU is the limit, not its memory: with more than {format_tokens(chosen.n_ctx_max)} tokens "
            "a part of the KV cache is larger than it can work on in one piece.",
            {"n_ctx": chosen.n_ctx_max},
        )
    tightest = min(chosen.plan.memory, key=lambda line: line.usable_bytes - line.total_bytes)
    return Note(
        "memory",
        f"Memory is the limit: at {format_tokens(chosen.n_ctx_max)} tokens {tightest.device_name} holds "
        f"{format_bytes(tightest.total_bytes)} of the {format_bytes(tightest.usable_bytes)} usable.",
        {
            "n_ctx": chosen.n_ctx_max,
            "device": tightest.device,
            "total_bytes": tightest.total_bytes,
            "usable_bytes": tightest.usable_bytes,
        },
    )


def _layers(settings: LoadSettings, facts: ModelFacts) -> Note:
    total, on_gpu = facts.all_gpu_layers, min(settings.n_gpu_layers, facts.all_gpu_layers)
    text = f"All {total} layers are on the GPU"
    if on_gpu < total:
        text = f"{on_gpu} of {total} layers are on the GPU, the rest runs on the CPU"
    if settings.n_cpu_moe:
        text += f"; the experts of the first {settings.n_cpu_moe} stay on the CPU"
    if not settings.offload_kqv and keeps_cache(facts):
        text += "; the KV cache is in the RAM"
    values = {"n_gpu_layers": on_gpu, "layers": total, "n_cpu_moe": settings.n_cpu_moe}
    return Note("layers", f"{text}.", values)
