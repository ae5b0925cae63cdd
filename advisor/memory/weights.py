"""The weights: bytes on each device, and how much of that is the model file itself, mapped.

Mirrors `load_tensors` (src/llama-model.cpp) and `create_tensor` (src/llama-model-loader.cpp): input tensors
stay on the host, a tied embedding is loaded a second time as the output head, overrides win over all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.errors import SettingsError
from advisor.gguf.ggml_types import GGML_TYPES
from advisor.memory.placement import HOST, Placement
from advisor.model.facts import ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.units import pad

_ALIGNMENT = {HOST: 32, "CUDA": 128, "ROCm": 128}  # ggml_backend_buft_get_alignment
_OTHER_ALIGNMENT = 32
# ggml-cuda.cu: MATRIX_ROW_PADDING, for the last row of a quantized tensor. ROCm is the same source.
_PADS_ROWS = frozenset({"CUDA", "ROCm"})
_ROW_PADDING = 512
# ggml-cpu/repack.cpp: what both AVX2 and NEON repack into buffers of their own, where no GPU is in play.
# Wider instruction sets repack more types, which changes no sum, only what can be dropped.
_REPACKED = frozenset(
    ggml_id for ggml_id, t in GGML_TYPES.items() if t.name in ("Q4_0", "Q4_K", "IQ4_NL", "MXFP4")
)
_REPACKED_ROWS = 8


@dataclass(frozen=True, slots=True)
class WeightSums:
    """One model's weights as one backend stores them, summed so that any split is a few additions.

    `experts` is the part of `layers` that --n-cpu-moe keeps on the host.
    """

    layers: tuple[int, ...]
    experts: tuple[int, ...]
    input: int
    output: int
    tied: int  # the embedding, if it serves as the output head, too
    rope: int  # rotation factors: every device with layers has its own
    repacked_layers: tuple[int, ...]
    repacked_output: int
    repacked_tied: int
    second_copy: int  # of a tied embedding, where the head is on the host, too


@dataclass(frozen=True, slots=True)
class DeviceWeights:
    """`mapped_bytes` is the part of `n_bytes` that the system can drop and read again."""

    n_bytes: int
    mapped_bytes: int


def stored_bytes(weight: Weight, backend: str) -> int:
    """What a tensor takes in a buffer of this backend, padding included."""
    n_bytes = weight.n_bytes
    ggml_type = GGML_TYPES.get(weight.ggml_type)
    row = weight.dims[0] if weight.dims else 1
    if backend in _PADS_ROWS and ggml_type and ggml_type.block_elements > 1 and row % _ROW_PADDING:
        missing = _ROW_PADDING - row % _ROW_PADDING
        n_bytes += missing // ggml_type.block_elements * ggml_type.block_bytes
    return pad(n_bytes, _ALIGNMENT.get(backend, _OTHER_ALIGNMENT))


def sum_weights(facts: ModelFacts, backend: str) -> WeightSums:
    """All sums of one model for one backend: a walk over its tensors, worth keeping."""
    n = facts.n_layer_all
    layers, experts, repacked = [0] * n, [0] * n, [0] * n
    ends = {Role.INPUT: 0, Role.OUTPUT: 0}
    tied = rope = repacked_output = repacked_tied = second_copy = 0
    for weight in facts.weights:
        if weight.role is Role.SKIPPED:
            continue
        n_bytes = stored_bytes(weight, backend)
        if weight.role is Role.LAYER:
            layer = weight.layer or 0
            layers[layer] += n_bytes
            experts[layer] += n_bytes if weight.is_expert else 0
            repacked[layer] += n_bytes if _is_repacked(weight) else 0
            rope += n_bytes if _is_rope(weight) else 0
        else:
            ends[weight.role] += n_bytes
            if weight.role is Role.OUTPUT and _is_repacked(weight):
                repacked_output += n_bytes
        if facts.tied_output and weight.name == "token_embd.weight":
            tied = n_bytes
            repacked_tied = n_bytes if _is_repacked(weight, is_head=True) else 0
            second_copy = n_bytes if facts.embedding_allocated_twice else 0
    return WeightSums(
        layers=tuple(layers),
        experts=tuple(experts),
        input=ends[Role.INPUT],
        output=ends[Role.OUTPUT],
        tied=tied,
        rope=rope,
        repacked_layers=tuple(repacked),
        repacked_output=repacked_output,
        repacked_tied=repacked_tied,
        second_copy=second_copy,
    )


def _is_repacked(weight: Weight, *, is_head: bool = False) -> bool:
    """Matrices of some types that are multiplied with; an embedding is only if it is the head, too."""
    is_multiplied = is_head or weight.role is not Role.INPUT
    return (
        is_multiplied
        and weight.ggml_type in _REPACKED
        and weight.name.endswith(".weight")
        and len(weight.dims) > 1
        and weight.dims[1] % _REPACKED_ROWS == 0
    )


def _is_rope(weight: Weight) -> bool:
    return weight.name.startswith(("rope_freqs", "rope_factors"))


def split_weights(
    sums: Sequence[WeightSums], settings: LoadSettings, placement: Placement
) -> list[DeviceWeights]:
    """The weights of each device of `placement`; `sums` holds the model's sums for each device's backend."""
    totals = [0] * len(placement.devices)
    host = placement.host
    for il, device in enumerate(placement.layers):
        if il < settings.n_cpu_moe and device != host:
            totals[host] += sums[host].experts[il]
            totals[device] += sums[device].layers[il] - sums[device].experts[il]
        else:
            totals[device] += sums[device].layers[il]
    first = placement.layers[0] if placement.layers else host
    for device in set(placement.layers) - {first}:
        totals[device] += sums[device].rope
    totals[placement.output] += sums[placement.output].output
    totals[host] += sums[host].input
    if placement.output != host:
        totals[placement.output] += sums[placement.output].tied
    elif placement.has_gpu:
        totals[host] += sums[host].second_copy
    else:
        # A head that is repacked cannot be the embedding, whose rows are looked up: two copies.
        totals[host] += max(sums[host].repacked_tied, sums[host].second_copy)
    repacked = 0
    if not placement.has_gpu:
        repacked = sum(sums[host].repacked_layers) + sums[host].repacked_output + sums[host].repacked_tied
    mapped = totals[host] - repacked if settings.use_mmap else 0
    return [DeviceWeights(total, mapped if device == host else 0) for device, total in enumerate(totals)]


def split_overridden(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> list[DeviceWeights]:
    """Like `split_weights`, tensor by tensor, where --override-tensor sends some elsewhere.

    Raises SettingsError for a pattern that is no regular expression.
    """
    patterns = [(_pattern(text), _target_index(name, placement)) for text, name in settings.override_tensor]
    totals = [0] * len(placement.devices)
    repacked = 0
    for weight in facts.weights:
        if weight.role is Role.SKIPPED:
            continue
        homes = [(weight, _home(weight, settings, placement))]
        if facts.tied_output and weight.name == "token_embd.weight" and placement.output != placement.host:
            homes.append((weight, placement.output))
        for tensor, home in homes:
            # The first pattern found anywhere in the name wins (std::regex_search).
            device = next((target for pattern, target in patterns if pattern.search(tensor.name)), home)
            n_bytes = stored_bytes(tensor, placement.devices[device].backend)
            totals[device] += n_bytes
            if device == placement.host and not placement.has_gpu and _is_repacked(tensor):
                repacked += n_bytes
    mapped = totals[placement.host] - repacked if settings.use_mmap else 0
    return [
        DeviceWeights(total, mapped if device == placement.host else 0) for device, total in enumerate(totals)
    ]


def _home(weight: Weight, settings: LoadSettings, placement: Placement) -> int:
    if weight.role is Role.INPUT:
        return placement.host
    if weight.role is Role.OUTPUT:
        return placement.output
    layer = weight.layer or 0
    return placement.host if weight.is_expert and layer < settings.n_cpu_moe else placement.layers[layer]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise SettingsError(
            "--override-tensor",
            f'"{text}" is no regular expression ({error}).',
            hint=r"Write it like ffn_.*_exps=CPU.",
        ) from None


def _target_index(buffer_type: str, placement: Placement) -> int:
    """The device that a buffer type belongs to; every host buffer ("CUDA_Host", "CPU") is the host's."""
    names = [target.name for target in placement.devices]
    return names.index(buffer_type) if buffer_type in names else placement.host
