"""Why the recommendation is what it is, in words: the one place where they are written."""

from __future__ import annotations

from advisor.basis import Note
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Alternative, Goal, Speed
from advisor.settings.load_settings import LoadSettings
from advisor.settings.runtimes import runtime_named
from advisor.speed import Decoding
from advisor.units import format_bytes, format_tokens


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
    name = cache_name(settings)
    found = [_bound(chosen, facts, name, at_training_context=at_training_context)]
    if holds_wish:
        what = "what this goal wants"
    elif all(row.n_ctx_max <= chosen.n_ctx_max for row in rows):
        what = "the most here"
    else:
        what = "the most that this goal's precision allows"
    found.append(Note("cache-type", f"KV cache type {name} holds {what}."))
    if len(chosen.plan.memory) > 1:
        found.append(_layers(settings, facts))
    runtime = runtime_named(settings.runtime)
    if runtime.flash_attn == "off" and settings.flash_attn == "on":
        text = f"{runtime.title} must be told flash_attn=True for a {settings.cache_type_v} V cache."
        found.append(Note("flash-attention", text))
    return tuple(found)


def cache_name(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0/q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k}/{v}"


def _too_big(chosen: Alternative) -> Note:
    if chosen.at_device_limit:
        n_ctx = format_tokens(chosen.settings.n_ctx)
        return Note("device-limit", f"The GPU cannot work on the KV cache of even {n_ctx} tokens.")
    worst = max(chosen.plan.memory, key=lambda line: line.total_bytes - line.usable_bytes)
    return Note(
        "does-not-fit",
        f"Even {format_tokens(chosen.settings.n_ctx)} tokens take {format_bytes(worst.total_bytes)} on "
        f"{worst.device_name}, where {format_bytes(worst.usable_bytes)} are usable.",
    )


def _bound(chosen: Alternative, facts: ModelFacts, name: str, *, at_training_context: bool) -> Note:
    if at_training_context:
        return Note(
            "training-context",
            f"The model was trained for {format_tokens(facts.n_ctx_train)} tokens; with KV cache type {name} "
            "memory would hold more.",
        )
    if chosen.at_device_limit:
        return Note(
            "device-limit",
            f"The GPU is the limit, not its memory: with more than {format_tokens(chosen.n_ctx_max)} tokens "
            "a part of the KV cache is larger than it can work on in one piece.",
        )
    tightest = min(chosen.plan.memory, key=lambda line: line.usable_bytes - line.total_bytes)
    return Note(
        "memory",
        f"Memory is the limit: at {format_tokens(chosen.n_ctx_max)} tokens {tightest.device_name} holds "
        f"{format_bytes(tightest.total_bytes)} of the {format_bytes(tightest.usable_bytes)} usable.",
    )


def _layers(settings: LoadSettings, facts: ModelFacts) -> Note:
    total = facts.all_gpu_layers
    if settings.n_gpu_layers >= total:
        return Note("layers", f"All {total} layers are on the GPU.")
    return Note(
        "layers", f"{settings.n_gpu_layers} of {total} layers are on the GPU, the rest runs on the CPU."
    )


def comfort_reasons(
    speed: Speed, goal: Goal, n_ctx_safe: int, n_ctx_comfortable: int | None
) -> tuple[Note, ...]:
    """That comfort ends before memory does, or does not even begin; nothing where the speed is not known."""
    if not goal.patience or not speed.decode:
        return ()
    wanted = format_rate(goal.patience.tokens_per_second)
    if n_ctx_comfortable is None:
        slow = format_rate(speed.decode[0].tokens_per_second)
        text = f"Even with an empty context it may write only {slow} tokens/s; this goal wants {wanted}."
        return (Note("slow", text),)
    if n_ctx_comfortable >= n_ctx_safe:
        return ()
    fits, comfortable = format_tokens(n_ctx_safe), format_tokens(n_ctx_comfortable)
    text = f"Fits {fits}, comfortable to {comfortable}: with more it may fall below {wanted} tokens/s."
    return (Note("comfortable", text),)


def speed_reasons(writing: Decoding, settings: LoadSettings) -> tuple[Note, ...]:
    """What each new token reads with the recommended settings, and what the speed is assumed from."""
    found = []
    depth = settings.n_ctx_per_slot
    if cache_bytes := writing.cache_bytes(depth):
        read, beside = format_bytes(cache_bytes), format_bytes(writing.weights_bytes)
        tokens = format_tokens(depth)
        text = f"At {tokens} tokens each new token reads {read} of cache, beside {beside} of weights."
        found.append(Note("cache-read", text))
    if writing.assumed_ram:
        text = (
            f"How fast this RAM is, is not known. The speed is that of slow RAM ({writing.assumed_ram.name}) "
            "and does not lower the recommended context."
        )
        found.append(Note("ram-speed-assumed", text))
    return tuple(found)


def format_rate(tokens_per_second: float) -> str:
    """Tokens a second in few digits: 0.42, 7.5, 85."""
    if tokens_per_second >= 10:
        return f"{tokens_per_second:.0f}"
    return f"{tokens_per_second:.2g}"
