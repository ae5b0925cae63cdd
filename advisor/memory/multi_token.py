"""Multi-token prediction: blocks in the file that draft for the model itself, loaded only when told to.

Turned on, llama.cpp makes a second context over them (ctx_type MTP): weights and KV cache of those blocks, a
compute buffer of its own, and for recurrent models states to go back to when a draft is refused (n_rs_seq).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from advisor.basis import Basis
from advisor.errors import SettingsError
from advisor.memory import kv_cache, recurrent
from advisor.memory.formula import Formula
from advisor.memory.placement import place
from advisor.memory.plan import Companion, CompanionKind, Target
from advisor.memory.weights import stored_bytes
from advisor.model.facts import Attention, ModelFacts, Role
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_tokens

_NAME = "multi-token prediction"


@dataclass(frozen=True, slots=True)
class Prediction:
    """`n_draft` tokens are drafted at once; the cache types are those of the drafts' cache."""

    n_draft: int
    cache_type_k: str = "f16"
    cache_type_v: str = "f16"


def prediction_companions(
    prediction: Prediction, facts: ModelFacts, settings: LoadSettings, targets: Sequence[Target]
) -> Iterator[Companion]:
    """What prediction takes on each device beside a load with `settings`.

    Weights, cache and states are by formula, the rules those that published loads confirm (tests/accuracy).
    The compute buffer is assumed to be as large as the model's own there. Raises SettingsError for a file
    without such blocks.
    """
    blocks = sorted({w.layer for w in facts.weights if w.role is Role.SKIPPED and w.layer is not None})
    if not blocks:
        raise SettingsError(
            "--mtp", "this file holds no blocks for multi-token prediction.", hint="Leave it out."
        )
    placement = place(facts.n_layer_all, settings, targets)
    cache = len(blocks) * _block_cache(prediction, facts, settings)
    home = placement.layers[blocks[-1]]
    own = Formula(facts, targets).buffers(settings)
    weights = [0] * len(placement.devices)
    for weight in facts.weights:
        if weight.role is Role.SKIPPED and weight.layer is not None:
            device = placement.layers[weight.layer]
            weights[device] += stored_bytes(weight, placement.devices[device].backend)
    states = [0] * len(placement.devices)
    for layer, device in zip(facts.layers, placement.layers, strict=True):
        if layer.recurrence:
            place_of_state = device if settings.offload_kqv else placement.host
            states[place_of_state] += prediction.n_draft * recurrent.state_bytes(settings, layer.recurrence)
    for index, target in enumerate(placement.devices):
        exact = weights[index] + states[index]
        if index == (home if settings.offload_kqv else placement.host):
            exact += cache
        if exact:
            reason = (
                f"weights of {len(blocks)} block(s), their cache for {format_tokens(settings.n_ctx)} tokens"
            )
            reason += ", states to go back to" if any(states) else ""
            yield _companion(target.name, exact, Basis.FORMULA, reason)
        compute = own[index].compute_bytes
        if weights[index] and compute:
            yield _companion(target.name, compute, Basis.ASSUMED, "a compute buffer like the model's own")


def _companion(device: str, n_bytes: int, basis: Basis, reason: str) -> Companion:
    return Companion(CompanionKind.PREDICTION, _NAME, device, n_bytes, basis, reason)


def _block_cache(prediction: Prediction, facts: ModelFacts, settings: LoadSettings) -> int:
    """A prediction block keeps what any block with full attention keeps."""
    typed = replace(settings, cache_type_k=prediction.cache_type_k, cache_type_v=prediction.cache_type_v)
    attention = next((layer.attention for layer in facts.layers if _is_full(layer.attention)), None)
    return kv_cache.layer_bytes(facts, typed, attention) if attention else 0


def _is_full(attention: Attention | None) -> bool:
    return attention is not None and not attention.window and attention.shares_cache_of is None
