"""Whether a smaller type of cache would be worth its loss of precision."""

from __future__ import annotations

from advisor.basis import Note
from advisor.errors import SettingsError
from advisor.model.facts import ModelFacts
from advisor.recommend.cache_pairs import possible_pairs, with_cache_types
from advisor.recommend.planning import Planning
from advisor.recommend.reasons.bound import keeps_cache
from advisor.recommend.reasons.spelling import cache_name
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import format_bytes, format_tokens

# Less than this much of the whole load is not worth any loss of precision.
_LITTLE = 0.03


def quantizing_reasons(
    request: Request, facts: ModelFacts, planner: Planning, n_ctx: int
) -> tuple[Note, ...]:
    """That no smaller cache type is worth it: the cache is small beside the rest, or scratch memory eats it.

    By formula, at `n_ctx` in the runtime's own word; nothing where the cache is quantized already.
    """
    here = planner.estimate(resolve(request, facts, n_ctx))
    if not keeps_cache(facts):
        if not facts.has_cache:
            return ()
        return (Note("no-cache", "This model keeps no KV cache: cache types change nothing."),)
    if {here.settings.cache_type_k, here.settings.cache_type_v} - {"f16", "bf16", "f32"}:
        return ()
    savings = []
    for k, v in possible_pairs(request):
        try:
            smaller = planner.estimate(resolve(with_cache_types(request, k, v), facts, n_ctx))
        except SettingsError:
            continue
        if (k, v) != (here.settings.cache_type_k, here.settings.cache_type_v):
            savings.append((here.total_bytes - smaller.total_bytes, smaller.settings))
    if not savings:
        return ()
    saved, settings = max(savings, key=lambda saving: saving[0])
    if saved >= here.total_bytes * _LITTLE:
        return ()
    at = f"at {format_tokens(here.settings.n_ctx)} tokens"
    name = cache_name(settings)
    if saved > 0:
        of = f"{format_bytes(saved)} of {format_bytes(here.total_bytes)}"
        text = f"Quantizing the KV cache buys little here: {at} {name} saves {of}."
    else:
        why = "it saves no more than the scratch memory that it needs"
        text = f"Quantizing the KV cache buys nothing here: {at} {why}."
    values = {"cache_type_k": settings.cache_type_k, "cache_type_v": settings.cache_type_v}
    return (
        Note(
            "quantizing-buys-little",
            text,
            {**values, "n_ctx": here.settings.n_ctx, "saved_bytes": saved, "total_bytes": here.total_bytes},
        ),
    )
