"""What the Learn panel tells with the shown model's own numbers: its row of the cache, and a chat in it.

Without Qt. The sizes are those of the plan; the sum behind them follows `advisor.memory.kv_cache`.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.memory.kv_cache import layer_bytes, n_cells, row_bytes
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import Attention, ModelFacts
from advisor.recommend.need import DEFAULT_ANSWER_TOKENS
from advisor.settings.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Layers whose rows of the cache are alike. `n_cells`: the tokens that each of them has room for."""

    n_layers: int
    attention: Attention
    n_cells: int
    token_bytes: int  # of all these layers, for one token


@dataclass(frozen=True, slots=True)
class Pile:
    """One conversation in its context: what was sent, what was answered, what is left; and its memory.

    `kv_bytes` is reserved when the model is loaded, `filled_bytes` is what prompt and answer use of it.
    """

    n_ctx: int
    n_prompt: int
    n_answer: int
    is_example: bool  # the user has not said how much they send
    kv_bytes: int
    filled_bytes: int

    @property
    def n_free(self) -> int:
        return self.n_ctx - self.n_prompt - self.n_answer


def pile(plan: MemoryPlan, facts: ModelFacts, n_prompt: int | None) -> Pile:
    """The shown plan's pile for one user. Without a said prompt an example: a quarter of the context."""
    settings = plan.settings
    n_ctx = settings.n_ctx_per_slot
    n_said = n_ctx // 4 if n_prompt is None else min(n_prompt, n_ctx)
    n_answer = min(DEFAULT_ANSWER_TOKENS, n_ctx - n_said)
    reserved = sum(memory.buffers.kv_cache_bytes for memory in plan.memory) * n_ctx // settings.n_ctx
    filled = round(reserved * _filled_share(facts, settings, n_said + n_answer))
    return Pile(n_ctx, n_said, n_answer, n_prompt is None, reserved, filled)


def row_groups(facts: ModelFacts, settings: LoadSettings) -> tuple[RowGroup, ...]:
    """The layers that keep a cache of their own, by what a token takes in them.

    Empty where a token has no row of its own in every layer (compressed caches, indexers).
    """
    counts: dict[Attention, int] = {}
    for attention in _cached(facts):
        if attention.compress_ratio or attention.indexer_key_length or attention.indexer_value_length:
            return ()
        counts[attention] = counts.get(attention, 0) + 1
    return tuple(
        RowGroup(
            n,
            attention,
            n_cells(facts, settings, attention),
            n * _token_bytes(attention, settings),
        )
        for attention, n in counts.items()
    )


def layers_without_cache(facts: ModelFacts) -> int:
    """Blocks that keep nothing for each token, or read another block's."""
    return facts.n_layer - len(_cached(facts))


def _cached(facts: ModelFacts) -> list[Attention]:
    if not facts.has_cache:
        return []
    found = (layer.attention for layer in facts.layers)
    return [attention for attention in found if attention and attention.shares_cache_of is None]


def _token_bytes(attention: Attention, settings: LoadSettings) -> int:
    heads = attention.head_count_kv
    n_bytes = row_bytes(settings.cache_type_k, attention.key_length * heads)
    if not attention.keys_only:
        n_bytes += row_bytes(settings.cache_type_v, attention.value_length * heads)
    return n_bytes


def _filled_share(facts: ModelFacts, settings: LoadSettings, n_tokens: int) -> float:
    """How much of the reservation so many tokens use: a window is full long before the context is."""
    reserved = filled = 0.0
    for attention in _cached(facts):
        n_bytes, cells = layer_bytes(facts, settings, attention), n_cells(facts, settings, attention)
        reserved += n_bytes
        filled += n_bytes * min(n_tokens, cells) / cells
    return filled / reserved if reserved else n_tokens / settings.n_ctx_per_slot
