"""What a term comes to in a model, whatever it is loaded with: its attention, its experts, its file."""

from __future__ import annotations

from advisor.model.facts import Attention, ModelFacts
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def gqa(facts: ModelFacts) -> str:
    heads = next((a for a in _attentions(facts) if not a.keys_only), None)
    if heads is None:
        return ""
    if heads.head_count <= heads.head_count_kv:
        return translate("learn", "Each of its {n} heads has a key and a value of its own.").format(
            n=heads.head_count
        )
    words = (
        translate(
            "learn", "{heads} heads share one KV head: its cache is {times:g} times smaller than without."
        )
        if heads.head_count_kv == 1
        else translate(
            "learn", "{heads} heads share {kv} KV heads: its cache is {times:g} times smaller than without."
        )
    )
    times = round(heads.head_count / heads.head_count_kv, 1)
    return words.format(heads=heads.head_count, kv=heads.head_count_kv, times=times)


def mla(facts: ModelFacts) -> str:
    row = next((a for a in _attentions(facts) if a.keys_only), None)
    if row is None:
        return translate("learn", "It has none.")
    words = translate("learn", "One row of {n} numbers a layer serves {heads} heads.")
    return words.format(n=row.key_length * row.head_count_kv, heads=row.head_count)


def window(facts: ModelFacts) -> str:
    windows = [a.window for a in _attentions(facts) if a.window]
    if not windows:
        return translate("learn", "All its layers see everything.")
    words = translate("learn", "{n} of its {every} layers look back {window} tokens.")
    return words.format(n=len(windows), every=facts.n_layer, window=format_tokens(max(windows)))


def moe(facts: ModelFacts) -> str:
    if not facts.n_expert:
        return translate("learn", "It has no experts: each token reads all its weights.")
    used = max((layer.n_expert_used for layer in facts.layers), default=0)
    words = translate("learn", "Of its {n} experts a token uses {used} in each layer.")
    return words.format(n=facts.n_expert, used=used)


def quantization(facts: ModelFacts) -> str:
    words = translate("learn", "{name}: about {bits:.1f} bits for each of its numbers.")
    bits = facts.file_bytes * 8 / facts.n_params if facts.n_params else 0
    return words.format(name=facts.quantization, bits=bits) if bits else ""


def gib(facts: ModelFacts) -> str:
    n_bytes = facts.file_bytes
    words = translate("learn", "Its file of {gib} is {gb:.2f} GB.")
    return words.format(gib=format_bytes(n_bytes), gb=n_bytes / 10**9)


def _attentions(facts: ModelFacts) -> list[Attention]:
    return [layer.attention for layer in facts.layers if layer.attention]
