"""What lies on each device of a load, as far as speed goes: bytes that a step of writing reads, and the
arithmetic of one token of a prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from advisor.hardware.device import Device, Hardware
from advisor.memory import kv_cache, recurrent, weights
from advisor.memory.assemble import targets
from advisor.memory.placement import Placement, place
from advisor.model.facts import Attention, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings

_F32 = 0


@dataclass(frozen=True, slots=True)
class Work:
    """What one device has to do.

    `fixed_bytes` are read for each step whatever the depth. `flops` are the multiplications and additions of
    a token in the matrices here. `attentions` are the layers whose cache lies here, with how many there are
    of each kind.
    """

    device: Device
    is_host: bool
    fixed_bytes: int
    flops: int
    attentions: tuple[tuple[Attention, int], ...]


def divide(facts: ModelFacts, settings: LoadSettings, hardware: Hardware) -> tuple[Work, ...]:
    """The devices that have something to do, GPUs first.

    Raises SettingsError for an --override-tensor that is no regular expression.
    """
    placement = place(facts.n_layer_all, settings, targets(hardware))
    devices = {device.id: device for device in hardware.devices}
    fixed = _fixed_bytes(facts, settings, placement)
    flops = _split(facts, _multiplied(facts), settings, placement)
    attentions = _attentions(facts, settings, placement)
    return tuple(
        Work(
            devices[target.device_id],
            index == placement.host,
            fixed[index],
            flops[index],
            tuple(attentions[index].items()),
        )
        for index, target in enumerate(placement.devices)
        if fixed[index] or flops[index] or attentions[index]
    )


def _split(
    facts: ModelFacts, counted: Sequence[Weight], settings: LoadSettings, placement: Placement
) -> list[int]:
    """The sum of `counted` on each device: the same tensors in the same places, each with another size."""
    other = replace(facts, weights=tuple(counted), tied_output=False)
    if settings.override_tensor:
        parts = weights.split_overridden(other, settings, placement)
    else:
        sums = [weights.sum_weights(other, target.backend) for target in placement.devices]
        parts = weights.split_weights(sums, settings, placement)
    return [part.n_bytes for part in parts]


def _fixed_bytes(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[int]:
    """Weights in use and recurrent state of each device, for one step of all slots at work."""
    n_busy = kv_cache.n_stream(facts, settings)
    totals = _split(facts, _read(facts, n_busy), settings, placement)
    for layer, device in zip(facts.layers, placement.layers, strict=True):
        if layer.recurrence:
            home = device if settings.offload_kqv else placement.host
            one = recurrent.state_bytes(replace(settings, n_seq_max=1), layer.recurrence)
            totals[home] += 2 * one * n_busy  # read and written back
    return totals


def _read(facts: ModelFacts, n_busy: int) -> list[Weight]:
    """What a step reads of the weights: of an embedding one row, which is nothing, of experts those chosen.

    An embedding that serves as the output head is read whole, as the head. Slots that work at once choose
    different experts at worst.
    """
    found = []
    for weight in facts.weights:
        if weight.role is Role.INPUT:
            if facts.tied_output and weight.name == "token_embd.weight":
                found.append(replace(weight, role=Role.OUTPUT))
        elif weight.is_expert:
            found.append(replace(weight, n_bytes=round(weight.n_bytes * _share(facts, weight, n_busy))))
        else:
            found.append(weight)
    return found


def _multiplied(facts: ModelFacts) -> list[Weight]:
    """The matrices that each token of a prompt goes through, as large as their arithmetic.

    Two operations an element. The head is none of them: it is needed for the last token alone.
    """
    return [
        replace(weight, ggml_type=_F32, n_bytes=round(2 * prod(weight.dims) * _share(facts, weight, 1)))
        for weight in facts.weights
        if weight.role is Role.LAYER and len(weight.dims) > 1
    ]


def _share(facts: ModelFacts, weight: Weight, n_busy: int) -> Fraction | int:
    """The part of a tensor that is in use: all of it, but of experts only those that are chosen."""
    n_used = facts.layers[weight.layer or 0].n_expert_used * n_busy if weight.is_expert else 0
    return min(Fraction(1), Fraction(n_used, facts.n_expert)) if n_used and facts.n_expert else 1


def _attentions(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[Counter[Attention]]:
    """The layers that read a cache on each device. One that shares another's cache reads it once more."""
    found: list[Counter[Attention]] = [Counter() for _ in placement.devices]
    for layer, device in zip(facts.layers, placement.layers, strict=True):
        if layer.attention:
            home = device if settings.offload_kqv else placement.host
            found[home][replace(layer.attention, shares_cache_of=None)] += 1
    return found
