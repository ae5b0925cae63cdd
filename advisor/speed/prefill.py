"""Reading a prompt: tokens a second at any depth, and the time to the first token of the answer.

Reading is bound by arithmetic: two operations for each weight in use, and four for each element of a query
and each token before it. The devices take turns, so their times add up. How much arithmetic a device does is
the published reading of its kind (presets/gpus.json), or what this computer has measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.basis import Basis
from advisor.hardware.device import Device
from advisor.memory import kv_cache
from advisor.model.facts import Attention, ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.speed.measured import measured_prefill
from advisor.speed.rate import Rate, around
from advisor.speed.work import Work

# Attention reaches about half of what matrices do, so its operations count twice: 53 % on an RTX 3090 with
# 32,768 tokens before the prompt (llama.cpp pull request 17505), 42 % on an M1 Max, 38 % on an M3 Max
# (GPU-Benchmarks-on-LLM-Inference).
_ATTENTION_WEIGHT = 2
# What other quantizations, backends and builds make of a published reading, lowest and highest: our reading
# of pairs for one card. A Q4_K_M file of May 2024 reached 64 % of Q4_0 in 2025 on an RTX 4090, f16 170 % on
# an A100.
_OTHER_FILES = (0.6, 1.35)
# Apple's readings are of f16 and Q4_0 and of fewer and more cores; a 70B model reached 91 % of the lowest.
_OTHER_FILES_APPLE = (0.8, 1.35)
# Experts are small matrices: gpt-oss-20b reached 34 % of the dense reading on an RTX 5090 and a DGX Spark,
# 49 % on an RTX 3090, 91 % on an M2 Ultra (llama.cpp discussions 15396 and 16578).
_OTHER_FILES_EXPERTS = (0.25, 1.1)
# Processors: from 17.7 tokens a second of a 3B model on two cores of 2014 (ai-benchmarks issue 53) to 295 of
# a 7B one on a Ryzen AI Max+ 395 (llm-tracker.info). Nothing here tells which of them this one is.
_ANY_PROCESSOR = (1.0e11, 4.0e12)
_CHUNK = 512  # tokens that are read at one depth: llama.cpp's own n_ubatch


@dataclass(frozen=True, slots=True)
class Reader:
    """One device that reads: its arithmetic for a token, and how much it does in a second, low and high."""

    flops: int
    attentions: tuple[tuple[Attention, int], ...]
    flops_per_second: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Prefill:
    """One load while it reads a prompt.

    Where the cache is split among slots, the cautious figure is for prompts that come to all of them at
    once, the hopeful one for a prompt that comes alone. `is_guess`: some of it hangs on a processor of which
    nothing is known, a range too wide to choose a context by.
    """

    readers: tuple[Reader, ...]
    n_slots: int
    basis: Basis
    is_guess: bool

    def rate(self, depth: int) -> Rate:
        """Tokens a second of one slot when `depth` tokens are in its cache."""
        low, high = 0.0, 0.0
        for reader in self.readers:
            flops = reader.flops + attention_flops(reader.attentions, depth)
            slow, fast = reader.flops_per_second
            low += flops / slow
            high += flops / fast
        return Rate(1 / (low * self.n_slots), 1 / high)

    def time_to_first_token(self, prompt_tokens: int, cached_tokens: int = 0) -> tuple[float, float]:
        """Seconds until the answer begins, hopeful and cautious, for a prompt of which the first
        `cached_tokens` are in the cache already."""
        low, high = 0.0, 0.0
        for depth, tokens in _chunks(cached_tokens, prompt_tokens):
            rate = self.rate(depth)
            low += tokens / rate.high
            high += tokens / rate.low
        return low, high

    def mean_rate(self, prompt_tokens: int) -> Rate:
        """Tokens a second over a whole prompt of that length."""
        if prompt_tokens <= 0:
            return self.rate(0)
        low, high = self.time_to_first_token(prompt_tokens)
        return Rate(prompt_tokens / high, prompt_tokens / low)


def prefill(facts: ModelFacts, settings: LoadSettings, shares: tuple[Work, ...]) -> Prefill | None:
    """How this load reads; None where nothing published or measured could carry a figure."""
    has_experts = any(weight.is_expert for weight in facts.weights)
    readers = []
    is_guess, all_measured = False, True
    fastest = 0.0
    for share in shares:
        if not share.flops and not share.attentions:
            continue
        if measured := measured_prefill(share.device, has_experts=has_experts):
            speeds = around(measured)
        else:
            all_measured = False
            if share.is_host:
                is_guess = True
                # A GPU takes large batches over from the host (ggml_backend_cuda_device_offload_op).
                offloaded = fastest if settings.op_offload else 0.0
                speeds = _ANY_PROCESSOR[0], max(_ANY_PROCESSOR[1], offloaded)
            elif published := share.device.prefill_flops_per_second:
                lowest, highest = _margins(share.device, has_experts=has_experts)
                speeds = published[0] * lowest, published[1] * highest
            else:
                return None
        fastest = max(fastest, speeds[1])
        readers.append(Reader(share.flops, share.attentions, speeds))
    if not any(reader.flops for reader in readers):
        return None
    basis = Basis.MEASURED if all_measured else Basis.ASSUMED
    return Prefill(tuple(readers), kv_cache.n_stream(facts, settings), basis, is_guess)


def _margins(device: Device, *, has_experts: bool) -> tuple[float, float]:
    if has_experts:
        return _OTHER_FILES_EXPERTS
    return _OTHER_FILES_APPLE if device.vendor == "apple" else _OTHER_FILES


def attention_flops(attentions: tuple[tuple[Attention, int], ...], depth: int) -> int:
    """What a token has to do with the `depth` tokens before it, in operations of matrices.

    An indexer's own choice is not counted.
    """
    return sum(count * _looks(attention, depth) for attention, count in attentions)


def _looks(attention: Attention, depth: int) -> int:
    seen = min(depth, attention.window) if attention.window else depth
    if attention.compress_ratio:
        seen += depth // attention.compress_ratio
    if attention.indexer_top_k:
        seen = min(seen, attention.indexer_top_k)
    a_pair = 2 * attention.head_count * (attention.key_length + attention.value_length)
    return _ATTENTION_WEIGHT * a_pair * seen


def _chunks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The prompt in pieces, each with the depth at its middle: few even for a long one."""
    step = max(_CHUNK, (end - start) // 16)
    for first in range(start, end, step):
        last = min(first + step, end)
        yield (first + last) // 2, last - first
