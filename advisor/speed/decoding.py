"""Writing an answer: tokens a second at any depth, from the bytes that each new token has to read.

Writing is bound by memory: every token reads the weights in use and the cache behind it once. The time is
the sum over the devices, which take turns, so a slow one dominates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.basis import Basis
from advisor.hardware.device import Device, Hardware
from advisor.hardware.gpu_table import KnownRam, known_ram
from advisor.memory import kv_cache
from advisor.model.facts import Attention, ModelFacts
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.speed.measured import calibrated, measured_decode_share
from advisor.speed.prefill import Prefill, prefill
from advisor.speed.rate import Rate, around
from advisor.speed.work import Work, divide

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
    """One load while it writes, and while it reads the prompt (`prefill`; None where that is not known).

    Where the cache is split among slots, all of them are at work, each at the same depth, and a rate is
    what one of them gets. `assumed_ram` is the memory that stands in for RAM of unknown speed, where nothing
    was measured. `basis` is MEASURED where this computer has measured every device of the load.
    """

    facts: ModelFacts
    settings: LoadSettings
    readings: tuple[Reading, ...]
    assumed_ram: KnownRam | None
    basis: Basis = Basis.ASSUMED
    prefill: Prefill | None = None

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
        return cache_bytes(self.facts, self.settings, reading.attentions, depth)


def decoding(
    facts: ModelFacts,
    settings: LoadSettings,
    hardware: Hardware,
    calibration: Calibration = NOTHING_LEARNED,
) -> Decoding | None:
    """How this load writes and reads on this hardware, by what was measured where something was.

    None where no figure could carry an answer: a device of unknown bandwidth or of a vendor that cannot be
    predicted, a model that does not write or of which no weights are known. RAM of unknown speed counts as
    the slowest usual kind. Raises SettingsError for an --override-tensor that is no regular expression, and
    PresetError for a malformed table of RAM.
    """
    if facts.is_encoder or not facts.has_cache or not facts.weights:
        return None
    hardware = calibrated(hardware, calibration)
    shares = divide(facts, settings, hardware)
    has_experts = any(weight.is_expert for weight in facts.weights)
    readings = []
    assumed = None
    all_measured = True
    for share in shares:
        if not share.fixed_bytes and not share.attentions:
            continue
        peak = bandwidth(share.device, hardware)
        if peak is None:
            return None
        if measured := measured_decode_share(share.device, has_experts=has_experts):
            efficiency = around(measured)
        elif not share.is_host and share.device.vendor in _UNPREDICTABLE_VENDORS:
            return None
        else:
            all_measured = False
            assumed = assumed or stand_in(share.device, hardware)
            on_gpu = _EXPERTS_ON_GPU if has_experts else _DENSE_ON_GPU
            efficiency = _ON_CPU if share.is_host else on_gpu
        readings.append(Reading(share.fixed_bytes, share.attentions, peak, efficiency))
    if not readings:
        return None
    basis = Basis.MEASURED if all_measured else Basis.ASSUMED
    reading = prefill(facts, settings, shares)
    return Decoding(facts, settings, tuple(readings), assumed, basis, reading)


def bandwidth(device: Device, hardware: Hardware) -> int | None:
    """Peak bytes a second of a device's memory; of what works in RAM of unknown speed, its stand-in's."""
    if device.bandwidth_bytes_per_second or not device.shares_ram:
        return device.bandwidth_bytes_per_second or None
    if hardware.ram.bandwidth_bytes_per_second:
        return hardware.ram.bandwidth_bytes_per_second
    return _slowest_ram().bandwidth_bytes_per_second


def stand_in(device: Device, hardware: Hardware) -> KnownRam | None:
    """The memory that stands in for RAM of unknown speed, None where a device's own speed is known."""
    is_known = device.bandwidth_bytes_per_second or hardware.ram.bandwidth_bytes_per_second
    return None if is_known or not device.shares_ram else _slowest_ram()


def cache_bytes(
    facts: ModelFacts, settings: LoadSettings, attentions: tuple[tuple[Attention, int], ...], depth: int
) -> int:
    """Bytes of cache that a step of all slots reads in these layers, each slot `depth` tokens deep."""
    # A cache that is just large enough; without a batch a window holds no more than it sees.
    filled = replace(settings, n_ctx=depth * settings.n_stream, n_batch=0)
    return sum(count * kv_cache.layer_bytes(facts, filled, attention) for attention, count in attentions)


def step_bytes(facts: ModelFacts, settings: LoadSettings, share: Work, depth: int) -> int:
    """All that a step of writing reads on one device."""
    return share.fixed_bytes + cache_bytes(facts, settings, share.attentions, depth)


def _slowest_ram() -> KnownRam:
    return min(known_ram(), key=lambda kind: kind.bandwidth_bytes_per_second)
