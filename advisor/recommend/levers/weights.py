"""The lever on the weights: the same model in another file, quantized further."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from advisor.gguf.ggml_types import GGML_TYPES
from advisor.model.facts import ModelFacts, Weight
from advisor.model.presets.quantization import TYPE_IDS, QuantizedModel, tensor_types
from advisor.model.presets.tensors import PlainTensor
from advisor.recommend.levers.situation import Situation
from advisor.recommend.result import Cost, Lever
from advisor.units import format_bytes

# Offered by falling size. What is smaller than the last costs too much of what the model can do.
OFFERED = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M")

# A file that is not this much smaller is no other size.
_SMALLER = 0.92


def quantization_levers(now: Situation) -> Iterator[Lever]:
    """The next smaller quantization, and the smallest of those offered.

    Their sizes are llama-quantize's rules applied to this model's tensors: published files may be mixed
    otherwise.
    """
    offered = (quantized(now.facts, name) for name in OFFERED)
    smaller = [facts for facts in offered if facts.weights_bytes < now.facts.weights_bytes * _SMALLER]
    for facts in (*smaller[:1], *smaller[1:][-1:]):
        other = now.planner.instead(facts=facts)
        gain_tokens = now.gain(now.most(now.request, other, facts))
        gain_bytes = now.facts.weights_bytes - facts.weights_bytes
        if gain_tokens > 0:
            weights = (
                f"{format_bytes(facts.weights_bytes)} instead of {format_bytes(now.facts.weights_bytes)}"
            )
            yield now.lever(
                f"quantization-{facts.quantization}",
                f"A smaller quantization ({facts.quantization})",
                gain_tokens,
                gain_bytes,
                f"an estimate: another file, with weights of about {weights}, that knows the model less well",
                cost=Cost.HEAVY,
            )


def quantized(facts: ModelFacts, quantization: str) -> ModelFacts:
    """The same model as llama-quantize would write it (advisor.model.presets.quantization)."""
    ordered = sorted(
        facts.weights, key=lambda weight: (-1 if weight.layer is None else weight.layer, weight.name)
    )
    plain = [PlainTensor(weight.name, weight.dims) for weight in ordered]
    attention = next((layer.attention for layer in facts.layers if layer.attention), None)
    gqa = attention.head_count // attention.head_count_kv if attention and attention.head_count_kv else 0
    model = QuantizedModel(facts.architecture, facts.n_layer, facts.n_expert, gqa)
    types = dict(
        zip((weight.name for weight in ordered), tensor_types(plain, quantization, model), strict=True)
    )
    weights = tuple(_as(weight, TYPE_IDS[types[weight.name]]) for weight in facts.weights)
    saved = sum(w.n_bytes for w in facts.weights) - sum(w.n_bytes for w in weights)
    return replace(
        facts, weights=weights, quantization=quantization, file_bytes=max(0, facts.file_bytes - saved)
    )


def _as(weight: Weight, type_id: int) -> Weight:
    ggml_type = GGML_TYPES[type_id]
    n_elements = prod(weight.dims)
    return replace(
        weight, ggml_type=type_id, n_bytes=n_elements // ggml_type.block_elements * ggml_type.block_bytes
    )
