"""LoRA adapters: bytes on each device. Their matrices lie with the weights that they change.

Mirrors `llama_adapter_lora_init_impl` (src/llama-adapter.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from advisor.errors import SettingsError
from advisor.memory.placement import HOST, place
from advisor.memory.plan import Target
from advisor.memory.weights import split_overridden, split_weights, sum_weights
from advisor.model.adapter import Adapter, AdapterPair
from advisor.model.facts import ModelFacts, Role, Weight
from advisor.printable import printable
from advisor.settings.load_settings import LoadSettings


class AdapterFormula:
    """One adapter's sums on given devices, walked over once.

    Raises SettingsError for an adapter that was made for another model than `facts`.
    """

    def __init__(self, adapter: Adapter, facts: ModelFacts, targets: Sequence[Target]) -> None:
        self.name = adapter.name
        self._targets = tuple(targets)
        self._as_model = _as_model(adapter, facts)
        backends = {target.backend for target in self._targets} | {HOST}
        self._sums = {backend: sum_weights(self._as_model, backend) for backend in backends}

    def bytes_by_device(self, settings: LoadSettings) -> Iterator[tuple[str, int]]:
        """The devices that get something and how much, padding included; nothing of it is mapped."""
        placement = place(self._as_model.n_layer_all, settings, self._targets)
        if settings.override_tensor:
            split = split_overridden(self._as_model, settings, placement)
        else:
            sums = [self._sums[target.backend] for target in placement.devices]
            split = split_weights(sums, settings, placement)
        for target, part in zip(placement.devices, split, strict=True):
            if part.n_bytes:
                yield target.name, part.n_bytes


def _as_model(adapter: Adapter, facts: ModelFacts) -> ModelFacts:
    """The adapter's matrices in the places of the weights that they change.

    Raises SettingsError where llama.cpp would not find these weights, or not of this size.
    """
    if adapter.architecture != facts.architecture:
        named = printable(adapter.architecture) or "nothing it names"
        raise _foreign(
            adapter, f"was made for the architecture {named}, and this model is {facts.architecture}"
        )
    loaded = {weight.name: weight for weight in facts.weights if weight.role is not Role.SKIPPED}
    found: list[Weight] = []
    for pair in adapter.pairs:
        weight = loaded.get(pair.of)
        if weight is None:
            raise _foreign(adapter, f'changes "{printable(pair.of)}", which this model does not have')
        if not _is_of_size(pair, weight):
            raise _foreign(adapter, f'changes a "{printable(pair.of)}" of another size')
        found += (
            replace(weight, dims=half.dims, ggml_type=half.ggml_type, n_bytes=half.n_bytes)
            for half in (pair.a, pair.b)
        )
    return replace(facts, weights=tuple(found), tied_output=False)


def _is_of_size(pair: AdapterPair, weight: Weight) -> bool:
    """Whether A and B multiply to the weight; of the embedding, rows are looked up, so they are turned."""
    (a_0, a_1), (b_0, b_1) = _ne(pair.a.dims), _ne(pair.b.dims)
    if pair.of.endswith("token_embd.weight"):
        return _ne(weight.dims) == (b_1, a_1)
    return _ne(weight.dims) == (a_0, b_1) and a_1 == b_0


def _ne(dims: tuple[int, ...]) -> tuple[int, int]:
    """ggml's first two dimensions; what is not said is 1."""
    return (*dims, 1, 1)[0], (*dims, 1, 1)[1]


def _foreign(adapter: Adapter, finding: str) -> SettingsError:
    return SettingsError(
        "--lora", f"{adapter.name} {finding}.", hint="Give an adapter that was made for this model."
    )
