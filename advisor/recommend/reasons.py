"""Why the recommendation is what it is, in words and in values: the one place where they are written."""

from __future__ import annotations

from advisor.basis import Note
from advisor.errors import SettingsError
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Alternative, Goal, Patience, Speed
from advisor.recommend.rows import Planning, possible_pairs, with_cache_types
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve, runtime_named
from advisor.speed import Decoding
from advisor.units import format_bytes, format_seconds, format_tokens

# Less than this much of the whole load is not worth any loss of precision.
_LITTLE = 0.03


def reasons(
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


def cache_name(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0/q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k}/{v}"


def keeps_cache(facts: ModelFacts) -> bool:
    """Whether any layer has a KV cache: the cache types of others change nothing."""
    return facts.has_cache and any(layer.attention for layer in facts.layers)


def _cache_type(chosen: Alternative, rows: tuple[Alternative, ...], *, holds_wish: bool) -> Note:
    if holds_wish:
        why, what = "wish", "what this goal wants"
    elif all(row.n_ctx_max <= chosen.n_ctx_max for row in rows):
        why, what = "most", "the most here"
    else:
        why, what = "most-precise", "the most that this goal's precision allows"
    name = cache_name(chosen.settings)
    values = {"cache_type_k": chosen.settings.cache_type_k, "cache_type_v": chosen.settings.cache_type_v}
    return Note("cache-type", f"KV cache type {name} holds {what}.", {**values, "holds": why})


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
            name = cache_name(chosen.settings)
            text = (
                f"The model was trained for {n_ctx_train} tokens; with KV cache type {name} memory would "
                "hold more."
            )
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


def comfort_reasons(
    speed: Speed, goal: Goal, n_ctx_safe: int, n_ctx_comfortable: int | None
) -> tuple[Note, ...]:
    """That comfort ends before memory does, or does not even begin; nothing where the speed is not known."""
    patience = goal.patience
    if not patience or not speed.decode:
        return ()
    if n_ctx_comfortable is None:
        return (_slow(speed, patience),)
    if n_ctx_comfortable >= n_ctx_safe:
        return ()
    fits, comfortable = format_tokens(n_ctx_safe), format_tokens(n_ctx_comfortable)
    values: dict[str, int | float | str] = {"n_ctx_safe": n_ctx_safe, "n_ctx_comfortable": n_ctx_comfortable}
    if _waits_before_it_writes(speed, patience):
        what = f"a longer prompt may take more than {format_seconds(patience.seconds_to_first_token)} to read"
        values["seconds_to_first_token"] = patience.seconds_to_first_token
    else:
        what = f"with more it may fall below {format_rate(patience.tokens_per_second)} tokens/s"
        values["tokens_per_second"] = patience.tokens_per_second
    return (Note("comfortable", f"Fits {fits}, comfortable to {comfortable}: {what}.", values),)


def _waits_before_it_writes(speed: Speed, patience: Patience) -> bool:
    """Whether the time to the first token is nearer to its limit than the speed of writing is to its own."""
    if speed.time_to_first_token_s is None:
        return False
    waited = speed.time_to_first_token_s / patience.seconds_to_first_token
    return waited > patience.tokens_per_second / speed.decode[-1].tokens_per_second


def _slow(speed: Speed, patience: Patience) -> Note:
    first = speed.decode[0].tokens_per_second
    if first >= patience.tokens_per_second:
        wait = format_seconds(patience.seconds_to_first_token)
        text = f"Even a short prompt may take longer to read than the {wait} that this goal waits."
        return Note("slow", text, {"seconds_to_first_token": patience.seconds_to_first_token})
    slow, wanted = format_rate(first), format_rate(patience.tokens_per_second)
    text = f"Even with an empty context it may write only {slow} tokens/s; this goal wants {wanted}."
    values = {"tokens_per_second": round(first, 2), "wanted_tokens_per_second": patience.tokens_per_second}
    return Note("slow", text, values)


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


def format_rate(tokens_per_second: float) -> str:
    """Tokens a second in few digits: 0.42, 7.5, 85."""
    if tokens_per_second >= 10:
        return f"{tokens_per_second:.0f}"
    return f"{tokens_per_second:.2g}"
