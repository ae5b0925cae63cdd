"""A dense 8B and a mixture of experts whose bytes can be counted by hand, on a card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.hardware.device import Hardware
from advisor.model.facts import Attention, Layer, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.speed import Decoding, Rate, decoding
from advisor.units import GiB
from tests.support.planning import a_model, gpu, ram

F16 = 1
LAYER, HEAD, EMBEDDING = 128_000_000, 512_000_000, 256_000_000
WEIGHTS = 32 * LAYER + HEAD  # 4.608 GB: the embedding is looked up, not read
KV_PER_TOKEN = 131_072  # 32 layers of 8 heads of 128, K and V, two bytes each
CARD, SLOW_RAM = 504_000_000_000, 42_700_000_000

ON_GPU = LoadSettings(n_ctx=32768, n_gpu_layers=33)


def tensor(name: str, role: Role, n_bytes: int, layer: int | None = None) -> Weight:
    return Weight(name, role, layer, (512, 64), F16, n_bytes, is_expert="_exps" in name)


def dense() -> ModelFacts:
    layers = [tensor(f"blk.{i}.attn_q.weight", Role.LAYER, LAYER, i) for i in range(32)]
    ends = [
        tensor("token_embd.weight", Role.INPUT, EMBEDDING),
        tensor("output.weight", Role.OUTPUT, HEAD),
    ]
    return replace(a_model(), weights=(*layers, *ends))


def mixture(n_used: int = 8, n_expert: int = 128) -> ModelFacts:
    """The dense model with experts beside each layer, 64 MB for every one of them."""
    plain = dense()
    experts = [tensor(f"blk.{i}.ffn_up_exps.weight", Role.LAYER, 128 * 64_000_000, i) for i in range(32)]
    layers = tuple(replace(layer, n_expert_used=n_used) for layer in plain.layers)
    return replace(plain, layers=layers, weights=(*plain.weights, *experts), n_expert=n_expert)


def with_attention(attention: Attention, *more: Attention) -> ModelFacts:
    attentions = (attention, *more)
    layers = tuple(Layer(i, attentions[i % len(attentions)], None, 0, 0) for i in range(32))
    return replace(dense(), layers=layers)


def computer(bandwidth: int | None = CARD, ram_bandwidth: int | None = None, **changes: object) -> Hardware:
    card = replace(gpu(24 * GiB), bandwidth_bytes_per_second=bandwidth, **changes)
    return Hardware((card, replace(ram(64 * GiB), bandwidth_bytes_per_second=ram_bandwidth)))


def write(facts: ModelFacts, settings: LoadSettings = ON_GPU, hardware: Hardware | None = None) -> Decoding:
    found = decoding(facts, settings, hardware or computer())
    assert found
    return found


def seconds(n_bytes: float, bandwidth: float, low: float, high: float) -> Rate:
    return Rate(bandwidth * low / n_bytes, bandwidth * high / n_bytes)


def assert_rate(found: Rate, wanted: Rate) -> None:
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
