"""How fast a load will write: tokens a second at any depth, from the bytes that each new token has to read.

Writing is bound by memory: every token reads the weights in use and the cache behind it once. The time is
the sum over the devices, which take turns, so a slow one dominates. Reading a prompt is bound by arithmetic
instead, for which nothing here has a figure: it has to be measured.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.hardware.device import Hardware
from advisor.hardware.gpu_table import KnownRam, known_ram
from advisor.memory import kv_cache, recurrent, weights
from advisor.memory.assemble import targets
from advisor.memory.placement import Placement, place
from advisor.model.facts import Attention, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings

# The share of the peak bandwidth that writing reaches, low and high: our reading of published runs of
# llama.cpp, tokens a second times bytes read over the card's bandwidth. Dense models: 52 % RTX 3090 and 55 %
# RTX 4090 (llama.cpp pull request 6766), 53 % M1 Max and 80 % M4 (normiebench issues 40, 3), 83 % RX 7900
# XTX (llama.cpp pull request 6773).
_DENSE_ON_GPU = (0.5, 0.85)
# Experts are small matrices: 36 to 41 % for two such models on a GTX 1080 (llama.cpp pull request 27721),
# 56 % on a Ryzen AI Max+ 395 (strix-llama.cpp issue 28).
_EXPERTS_ON_GPU = (0.25, 0.6)
# 40 and 50 % on an M2 Pro's cores (GPU-Benchmarks-on-LLM-Inference issue 1). It hangs on the threads chosen
# and the instructions of the processor: the margins around these two are our assumption.
_ON_CPU = (0.3, 0.7)
# Two published runs on an Arc A770 reach about 5 % of its bandwidth, far below all others: none is promised.
_UNPREDICTABLE_VENDORS = frozenset({"intel"})


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens a second: the cautious figure and the hopeful one."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one step of writing reads on one device, and how fast.

    A step makes one token for every slot at work. `fixed_bytes` are read whatever the depth; `attentions`
    are the layers whose cache lies here, with how many there are of each kind.
    """

    fixed_bytes: int
    attentions: tuple[tuple[Attention, int], ...]
    bandwidth_bytes_per_second: int
    efficiency: tuple[float, float]  # low and high share of the bandwidth


@dataclass(frozen=True, slots=True)
class Decoding:
    """One load while it writes.

    Where the cache is split among slots, all of them are at work, each at the same depth, and a rate is
    what one of them gets. `assumed_ram` is the memory that stands in for RAM of unknown speed.
    """

    facts: ModelFacts
    settings: LoadSettings
    readings: tuple[Reading, ...]
    assumed_ram: KnownRam | None

    @property
    def weights_bytes(self) -> int:
        """Read for each step at any depth: weights in use and recurrent state."""
        return sum(reading.fixed_bytes for reading in self.readings)

    def cache_bytes(self, depth: int) -> int:
        """Bytes of KV cache that one token reads when `depth` tokens are there."""
        n_bytes = sum(self._cache_bytes(reading, depth) for reading in self.readings)
        return n_bytes // kv_cache.n_stream(self.facts, self.settings)

    def rate(self, depth: int) -> Rate:
        """Tokens a second of one slot when `depth` tokens are in its cache."""
        seconds_low, seconds_high = 0.0, 0.0
        for reading in self.readings:
            n_bytes = reading.fixed_bytes + self._cache_bytes(reading, depth)
            seconds = n_bytes / reading.bandwidth_bytes_per_second
            low, high = reading.efficiency
            seconds_low += seconds / low
            seconds_high += seconds / high
        return Rate(1 / seconds_low, 1 / seconds_high)

    def _cache_bytes(self, reading: Reading, depth: int) -> int:
        # A cache that is just large enough; without a batch a window holds no more than it sees.
        filled = replace(self.settings, n_ctx=depth * self.settings.n_stream, n_batch=0)
        return sum(
            count * kv_cache.layer_bytes(self.facts, filled, attention)
            for attention, count in reading.attentions
        )


def decoding(facts: ModelFacts, settings: LoadSettings, hardware: Hardware) -> Decoding | None:
    """How this load writes on this hardware.

    None where no figure could carry an answer: a device of unknown bandwidth or of a vendor that cannot be
    predicted, a model that does not write or of which no weights are known. RAM of unknown speed counts as
    the slowest usual kind. Raises SettingsError for an --override-tensor that is no regular expression, and
    PresetError for a malformed table of RAM.
    """
    if facts.is_encoder or not facts.has_cache or not facts.weights:
        return None
    placement = place(facts.n_layer_all, settings, targets(hardware))
    devices = {device.id: device for device in hardware.devices}
    fixed = _fixed_bytes(facts, settings, placement)
    attentions = _attentions(facts, settings, placement)
    has_experts = any(weight.is_expert for weight in facts.weights)
    readings = []
    assumed = None
    for index, target in enumerate(placement.devices):
        if not fixed[index] and not attentions[index]:
            continue
        device = devices[target.device_id]
        is_host = index == placement.host
        bandwidth = device.bandwidth_bytes_per_second
        if not is_host and device.vendor in _UNPREDICTABLE_VENDORS:
            return None
        if bandwidth is None and device.shares_ram:
            bandwidth, assumed = _ram(hardware, assumed)
        if not bandwidth:
            return None
        on_gpu = _EXPERTS_ON_GPU if has_experts else _DENSE_ON_GPU
        counted = tuple(attentions[index].items())
        readings.append(Reading(fixed[index], counted, bandwidth, _ON_CPU if is_host else on_gpu))
    return Decoding(facts, settings, tuple(readings), assumed) if readings else None


def _ram(hardware: Hardware, assumed: KnownRam | None) -> tuple[int, KnownRam | None]:
    """The RAM's bandwidth, and what stands in for it where that is not known."""
    if known := hardware.ram.bandwidth_bytes_per_second:
        return known, assumed
    slowest = min(known_ram(), key=lambda kind: kind.bandwidth_bytes_per_second)
    return slowest.bandwidth_bytes_per_second, slowest


def _fixed_bytes(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[int]:
    """Weights in use and recurrent state of each device, for one step of all slots at work."""
    n_busy = kv_cache.n_stream(facts, settings)
    # The same tensors in the same places, each as large as the part of it that is read.
    used = replace(facts, weights=tuple(_used_weights(facts, n_busy)), tied_output=False)
    if settings.override_tensor:
        split = weights.split_overridden(used, settings, placement)
    else:
        sums = [weights.sum_weights(used, target.backend) for target in placement.devices]
        split = weights.split_weights(sums, settings, placement)
    totals = [part.n_bytes for part in split]
    for layer, device in zip(facts.layers, placement.layers, strict=True):
        if layer.recurrence:
            home = device if settings.offload_kqv else placement.host
            one = recurrent.state_bytes(replace(settings, n_seq_max=1), layer.recurrence)
            totals[home] += 2 * one * n_busy  # read and written back
    return totals


def _used_weights(facts: ModelFacts, n_busy: int) -> list[Weight]:
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
            n_used = facts.layers[weight.layer or 0].n_expert_used * n_busy
            share = min(Fraction(1), Fraction(n_used, facts.n_expert)) if n_used and facts.n_expert else 1
            found.append(replace(weight, n_bytes=round(weight.n_bytes * share)))
        else:
            found.append(weight)
    return found


def _attentions(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[Counter[Attention]]:
    """The layers that read a cache on each device. One that shares another's cache reads it once more."""
    found: list[Counter[Attention]] = [Counter() for _ in placement.devices]
    for layer, device in zip(facts.layers, placement.layers, strict=True):
        if layer.attention:
            home = device if settings.offload_kqv else placement.host
            found[home][replace(layer.attention, shares_cache_of=None)] += 1
    return found
