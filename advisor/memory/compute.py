"""The compute buffer: scratch memory for one batch, in closed form.

The graph is reserved for the worst case (src/llama-context.cpp: graph_reserve): a full ubatch over a full
cache. Its peak is in the output head, in a feed-forward block or in attention, whichever is largest.
"""

from __future__ import annotations

from advisor.memory import kv_cache
from advisor.memory.placement import Placement
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

_F32_BYTES = 4


def output_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """The logits' own buffer, in host memory (src/llama-context.cpp: output_reserve)."""
    return _F32_BYTES * settings.n_seq_max * facts.n_vocab


def compute_bytes(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[int]:
    """Bytes on every device of `placement`."""
    tokens = kv_cache.n_ubatch(facts, settings)
    flash = kv_cache.uses_flash_attn(facts, settings)
    cells = _cells(facts, settings)
    mask = sum(cells) * tokens * (2 if flash else 4)
    embedding = _F32_BYTES * tokens * facts.n_embd
    n_outputs = min(tokens, settings.n_outputs_max)
    logits = _F32_BYTES * n_outputs * facts.n_vocab + embedding
    inner = max(_feed_forward(facts, tokens), _attention(facts, tokens, cells, flash=flash)) + mask
    if not placement.has_gpu:
        return [max(logits, inner) + embedding]
    found = []
    for index in range(placement.host):
        holds_layers = index in placement.layers
        here = inner if holds_layers else 0
        found.append(max(here, logits) if placement.output == index else here)
    host = 2 * embedding + mask
    if placement.host in placement.layers:
        host = max(host, inner)
    return [*found, host]


def _cells(facts: ModelFacts, settings: LoadSettings) -> tuple[int, ...]:
    """Cells of one stream of each cache: the full one and, with windows, theirs."""
    if not facts.has_cache:
        return (kv_cache.n_ubatch(facts, settings),)
    return tuple(
        {
            layer.attention.window: kv_cache.n_cells(facts, settings, layer.attention)
            for layer in facts.layers
            if layer.attention
        }.values()
    )


def _feed_forward(facts: ModelFacts, tokens: int) -> int:
    widest = max((layer.n_ff for layer in facts.layers), default=0)
    n_used = max((layer.n_expert_used for layer in facts.layers), default=0)
    dense = 3 * widest + 3 * facts.n_embd
    return _F32_BYTES * tokens * max(dense, (2 * n_used + 5) * facts.n_embd if n_used else 0)


def _attention(facts: ModelFacts, tokens: int, cells: tuple[int, ...], *, flash: bool) -> int:
    if flash or not cells:
        return _F32_BYTES * tokens * 5 * facts.n_embd
    heads = max((layer.attention.head_count for layer in facts.layers if layer.attention), default=0)
    return _F32_BYTES * tokens * (max(cells) * heads + 4 * facts.n_embd)
