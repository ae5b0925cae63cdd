"""How fast it is, and what each of several users gets."""

from __future__ import annotations

from advisor.basis import Note
from advisor.memory.plan import MemoryPlan
from advisor.recommend.reasons.spelling import format_rate
from advisor.recommend.result import Speed
from advisor.settings.load_settings import LoadSettings
from advisor.speed import Decoding
from advisor.units import format_bytes, format_tokens


def slot_reasons(plan: MemoryPlan, speed: Speed) -> tuple[Note, ...]:
    """What each of several users gets: tokens, memory that is theirs, speed with a full context."""
    settings = plan.settings
    n = settings.n_seq_max
    if n == 1:
        return ()
    kept = sum(line.buffers.kv_cache_bytes + line.buffers.recurrent_state_bytes for line in plan.memory)
    tokens, each = format_tokens(settings.n_ctx_per_slot), format_bytes(kept // n)
    if settings.kv_unified:
        text = f"{n} users share {tokens} tokens and {format_bytes(kept)} of cache"
        whose = "one alone gets about {rate} tokens/s when it is full"
    else:
        text = f"{n} users: each gets {tokens} tokens in {each} of cache of their own"
        whose = "with all at work and full, about {rate} tokens/s each"
    values: dict[str, int | float | str] = {
        "users": n,
        "n_ctx_per_user": settings.n_ctx_per_slot,
        "cache_bytes": kept,
        "cache_bytes_per_user": kept // n,
    }
    if speed.decode:
        full = speed.decode[-1]
        rate = format_rate(full.tokens_per_second)
        if full.high is not None:
            rate = f"{rate} to {format_rate(full.high)}"
        text += f"; {whose.format(rate=rate)}"
        values["tokens_per_second"] = round(full.tokens_per_second, 2)
    return (Note("users", f"{text}.", values),)


def speed_reasons(writing: Decoding, settings: LoadSettings) -> tuple[Note, ...]:
    """What each new token reads with the recommended settings, and what the speed is assumed from."""
    found = []
    depth = settings.n_ctx_per_slot
    if cache_bytes := writing.cache_bytes(depth):
        read, beside = format_bytes(cache_bytes), format_bytes(writing.weights_bytes)
        tokens = format_tokens(depth)
        text = f"At {tokens} tokens each new token reads {read} of cache, beside {beside} of weights."
        values = {"depth": depth, "cache_bytes": cache_bytes, "weights_bytes": writing.weights_bytes}
        found.append(Note("cache-read", text, values))
    if writing.assumed_ram:
        text = (
            f"How fast this RAM is, is not known. The speed is that of slow RAM ({writing.assumed_ram.name}) "
            "and does not lower the recommended context."
        )
        found.append(Note("ram-speed-assumed", text, {"ram": writing.assumed_ram.name}))
    return tuple(found)
