"""The formula's answer to "what would this load take?": every buffer, by our own arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.memory import kv_cache, recurrent, weights
from advisor.memory.compute import compute_bytes, output_bytes
from advisor.memory.graph.block import read_graph
from advisor.memory.placement import HOST, Placement, place
from advisor.memory.plan import Buffers, Target
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings


class Formula:
    """One model's sums on given devices, walked over once; a question then takes well under a millisecond."""

    def __init__(self, facts: ModelFacts, targets: Sequence[Target]) -> None:
        self._facts = facts
        self._targets = tuple(targets)
        backends = {target.backend for target in self._targets} | {HOST}
        self._graph = read_graph(facts)
        found = [layer.attention for layer in facts.layers]
        self._attentions = tuple({attention: None for attention in found if attention})
        index = {attention: i for i, attention in enumerate(self._attentions)}
        self._kinds = tuple(index[attention] if attention else None for attention in found)
        self._weights = {backend: weights.sum_weights(facts, backend) for backend in backends}

    def buffers(self, settings: LoadSettings) -> tuple[Buffers, ...]:
        """What llama.cpp would allocate: the GPUs in order, the host last.

        Raises SettingsError for an --override-tensor that is no regular expression.
        """
        facts = self._facts
        placement = place(facts.n_layer_all, settings, self._targets)
        of_weights = self._split_weights(settings, placement)
        cache, state = self._caches(settings, placement)
        compute = compute_bytes(facts, self._graph, settings, placement)
        return tuple(
            Buffers(
                device=target.name,
                weights_bytes=of_weights[index].n_bytes,
                kv_cache_bytes=cache[index],
                recurrent_state_bytes=state[index],
                compute_bytes=compute[index],
                output_bytes=output_bytes(facts, settings) if index == placement.host else 0,
                mapped_file_bytes=of_weights[index].mapped_bytes,
            )
            for index, target in enumerate(placement.devices)
        )

    def _split_weights(self, settings: LoadSettings, placement: Placement) -> list[weights.DeviceWeights]:
        if settings.override_tensor:
            return weights.split_overridden(self._facts, settings, placement)
        sums = [self._weights[target.backend] for target in placement.devices]
        return weights.split_weights(sums, settings, placement)

    def _caches(self, settings: LoadSettings, placement: Placement) -> tuple[list[int], list[int]]:
        """KV cache and recurrent state of each device: they lie with their layer, or all in the RAM."""
        cache, state = [0] * len(placement.devices), [0] * len(placement.devices)
        by_kind = [kv_cache.layer_bytes(self._facts, settings, attention) for attention in self._attentions]
        for layer, kind, device in zip(self._facts.layers, self._kinds, placement.layers, strict=True):
            home = device if settings.offload_kqv else placement.host
            if kind is not None:
                cache[home] += by_kind[kind]
            if layer.recurrence:
                state[home] += recurrent.state_bytes(settings, layer.recurrence)
        return cache, state
