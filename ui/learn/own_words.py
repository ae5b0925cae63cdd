"""What a term comes to for the shown model, in a sentence with its own numbers; many terms have none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.memory.plan import Buffers, MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.result import Speed
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

from ui.learn import model_words
from ui.learn.numbers import row_groups
from ui.session.state import OpenModel
from ui.wording import in_print, layers_words, speed_words, wait_words

translate = QCoreApplication.translate

_CACHE_TYPES = ("f16", "q8_0", "q4_0")


@dataclass(frozen=True, slots=True)
class _Known:
    facts: ModelFacts
    plan: MemoryPlan
    speed: Speed | None

    @property
    def settings(self) -> LoadSettings:
        return self.plan.settings

    def sum(self, part: Callable[[Buffers], int]) -> int:
        return sum(part(memory.buffers) for memory in self.plan.memory)


def own_words(term: str, model: OpenModel | None) -> str:
    """Empty where nothing is open, nothing is answered yet, or the term has no number of its own."""
    if model is None or model.facts is None or model.plan is None or model.recommendation is None:
        return ""
    speed = model.choice.speed if model.choice else model.recommendation.speed
    said = _SENTENCES.get(term)
    return said(_Known(model.facts, model.plan, speed)) if said else ""


def _context(it: _Known) -> str:
    words = translate("learn", "{n} tokens: {print} of English text.")
    return words.format(n=format_tokens(it.settings.n_ctx), print=in_print(it.settings))


def _kv_cache(it: _Known) -> str:
    n_bytes, settings = it.sum(lambda buffers: buffers.kv_cache_bytes), it.settings
    if not n_bytes:
        return translate("learn", "It keeps none.")
    words = translate("learn", "{size} for {n} tokens, {row} for each.")
    return words.format(
        size=format_bytes(n_bytes),
        n=format_tokens(settings.n_ctx),
        row=format_bytes(n_bytes // settings.n_ctx),
    )


def _cache_type(it: _Known) -> str:
    rows = []
    for name in _CACHE_TYPES:
        typed = replace(it.settings, cache_type_k=name, cache_type_v=name)
        n_bytes = sum(group.token_bytes for group in row_groups(it.facts, typed))
        if n_bytes:
            rows.append(
                translate("learn", "{size} with {name}").format(size=format_bytes(n_bytes), name=name)
            )
    if not rows:
        return ""
    return translate("learn", "A token\u2019s row in all layers takes {rows}.").format(rows=", ".join(rows))


def _recurrent(it: _Known) -> str:
    n = sum(1 for layer in it.facts.layers if layer.recurrence)
    if not n:
        return translate("learn", "It has none: all its memory for text is the KV cache.")
    words = translate("learn", "{n} of its {every} layers; their state takes {size}.")
    size = format_bytes(it.sum(lambda buffers: buffers.recurrent_state_bytes))
    return words.format(n=n, every=it.facts.n_layer, size=size)


def _offload(it: _Known) -> str:
    words = layers_words(it.plan, it.facts)
    return f"{words[0].upper()}{words[1:]}."


def _flash_attention(it: _Known) -> str:
    if not it.facts.supports_flash_attn:
        return translate("learn", "This model cannot have it.")
    return {
        "on": translate("learn", "It is turned on."),
        "off": translate("learn", "It is turned off."),
        "auto": translate("learn", "llama.cpp turns it on where the device can."),
    }[it.settings.flash_attn]


def _compute(it: _Known) -> str:
    size = format_bytes(it.sum(lambda buffers: buffers.compute_bytes))
    return translate("learn", "{size} with a ubatch of {n}.").format(size=size, n=it.settings.n_ubatch)


def _ubatch(it: _Known) -> str:
    words = translate("learn", "A ubatch of {n_ubatch}, a batch of {n_batch} tokens.")
    settings = it.settings
    return words.format(n_ubatch=format_tokens(settings.n_ubatch), n_batch=format_tokens(settings.n_batch))


def _slots(it: _Known) -> str:
    settings = it.settings
    if settings.n_seq_max == 1:
        return translate("learn", "One, which has the whole context.")
    words = (
        translate("learn", "{n}, which share {tokens} tokens.")
        if settings.kv_unified
        else translate("learn", "{n}, with {tokens} tokens each.")
    )
    tokens = settings.n_ctx if settings.kv_unified else settings.n_ctx_per_slot
    return words.format(n=settings.n_seq_max, tokens=format_tokens(tokens))


def _headroom(it: _Known) -> str:
    words = translate("learn", "{free} beside the reserve of {reserve} on {device}")
    lines = [
        words.format(
            free=format_bytes(memory.usable_bytes - memory.total_bytes),
            reserve=format_bytes(memory.reserve_bytes),
            device=memory.device_name,
        )
        for memory in it.plan.memory
        if memory.total_bytes and memory.usable_bytes >= memory.total_bytes
    ]
    return f"{'; '.join(lines)}." if lines else ""


def _overhead(it: _Known) -> str:
    words = translate("learn", "{size} on {device}")
    lines = [
        words.format(size=format_bytes(memory.overhead_bytes), device=memory.device_name)
        for memory in it.plan.memory
        if memory.overhead_bytes
    ]
    return f"{', '.join(lines)}." if lines else ""


def _training(it: _Known) -> str:
    words = translate("learn", "It was trained for {n} tokens; {shown} are shown.")
    return words.format(
        n=format_tokens(it.facts.n_ctx_train), shown=format_tokens(it.settings.n_ctx_per_slot)
    )


def _weights(it: _Known) -> str:
    size = format_bytes(it.sum(lambda buffers: buffers.weights_bytes))
    return translate("learn", "{size}, whatever its context is.").format(size=size)


def _prefill(it: _Known) -> str:
    speed = it.speed
    if speed is None or speed.time_to_first_token_s is None:
        return ""
    words = translate("learn", "Reading a prompt that fills the context takes {wait}.")
    return words.format(wait=wait_words(speed.time_to_first_token_low_s, speed.time_to_first_token_s))


def _decode(it: _Known) -> str:
    if it.speed is None or not it.speed.decode:
        return ""
    words = translate("learn", "{start} tokens/s at first, {full} at a full context.")
    return words.format(start=speed_words(it.speed.decode[0]), full=speed_words(it.speed.decode[-1]))


def _full(it: _Known) -> str:
    words = translate("learn", "With these settings that is after {n} tokens.")
    return words.format(n=format_tokens(it.settings.n_ctx_per_slot))


_SENTENCES: dict[str, Callable[[_Known], str]] = {
    "context": _context,
    "kv-cache": _kv_cache,
    "reserved-at-load": _kv_cache,
    "cache-type": _cache_type,
    "gqa": lambda it: model_words.gqa(it.facts),
    "mla": lambda it: model_words.mla(it.facts),
    "sliding-window": lambda it: model_words.window(it.facts),
    "recurrent": _recurrent,
    "moe": lambda it: model_words.moe(it.facts),
    "offload": _offload,
    "flash-attention": _flash_attention,
    "compute-buffer": _compute,
    "ubatch": _ubatch,
    "slots": _slots,
    "headroom": _headroom,
    "overhead": _overhead,
    "training-context": _training,
    "quantization": lambda it: model_words.quantization(it.facts),
    "weights-memory": _weights,
    "prefill": _prefill,
    "decode": _decode,
    "full-context": _full,
    "gib": lambda it: model_words.gib(it.facts),
}
