"""`Buffers` from log lines alone, where the engine has no breakdown: basis `engine-log`.

The log says how large every cache is and which layer lies where; which weights a layer holds is in the
file's header. Sizes are as exact as the lines: 0.01 MiB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate, pairwise

from advisor.engine.figures import HOST, by_device, device_of, in_order, is_copied, output_bytes
from advisor.engine.log_lines import LoggedBuffers
from advisor.engine.protocol import OpenedModel
from advisor.errors import SettingsError
from advisor.memory.plan import Buffers
from advisor.model.facts import Layer, ModelFacts, Role, Weight
from advisor.settings.load_settings import LoadSettings

EXPERTS = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"  # common/common.h: what n_cpu_moe keeps on the CPU

_LAYER = re.compile(r"^load_tensors: layer +(\d+) assigned to device (.+?), is_swa")
_WEIGHTS = re.compile(r"^load_tensors: +(\S+) model buffer size")


def buffers_by_device(
    opened: OpenedModel, logged: LoggedBuffers, facts: ModelFacts, settings: LoadSettings
) -> tuple[Buffers, ...]:
    """What the log says, device by device, the host last."""
    known = opened.buffer_devices
    layers = layer_devices(opened)
    weights = _weights_bytes(facts, settings, layers, known)
    caches = _cache_bytes(facts, logged, layers)
    # Weights that are copied into another layout cannot be dropped; how many these are is not logged.
    has_copies = any(is_copied(found[1]) for line in opened.placement if (found := _WEIGHTS.match(line)))
    state, compute = by_device(logged.state, known), by_device(logged.compute, known)
    output = by_device(logged.output, known)
    order = dict.fromkeys([*known.values(), *layers.values(), *weights, *caches, *state, *compute])
    return tuple(
        Buffers(
            device=device,
            weights_bytes=weights.get(device, 0),
            kv_cache_bytes=caches.get(device, 0),
            recurrent_state_bytes=state.get(device, 0),
            compute_bytes=compute.get(device, 0),
            output_bytes=output_bytes(output, device, facts, settings),
            mapped_file_bytes=(
                weights.get(device, 0) if device == HOST and settings.use_mmap and not has_copies else 0
            ),
        )
        for device in in_order(name for name in order if name in {*weights, *caches, *state, *compute})
    )


def layer_devices(opened: OpenedModel) -> dict[int, str]:
    """The device of each block by its index, and of the output as the one after the last."""
    return {int(found[1]): found[2] for line in opened.placement if (found := _LAYER.match(line))}


def _weights_bytes(
    facts: ModelFacts, settings: LoadSettings, layers: Mapping[int, str], known: Mapping[str, str]
) -> dict[str, int]:
    """Weights by device (src/llama-model.cpp: load_tensors): inputs on the host, others with their layer."""
    output = layers.get(facts.n_layer_all, HOST)
    overrides = _overrides(settings, known)
    total: dict[str, int] = {}
    for weight in facts.weights:
        if weight.role is Role.SKIPPED:
            continue
        elsewhere = next((device for pattern, device in overrides if pattern.search(weight.name)), None)
        device = elsewhere or _device_of_weight(weight, layers, output)
        total[device] = total.get(device, 0) + weight.n_bytes
    if output != HOST and not any(weight.name == "output.weight" for weight in facts.weights):
        # Tied embeddings are loaded twice: on the host to read rows from, on the device as the output.
        tied = sum(weight.n_bytes for weight in facts.weights if weight.name == "token_embd.weight")
        total[output] = total.get(output, 0) + tied
    return total


def _overrides(settings: LoadSettings, known: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    """The tensors that go elsewhere than their layer, in the order in which they are tried."""
    patterns = [*settings.override_tensor]
    patterns += [(rf"blk\.{layer}{EXPERTS}", HOST) for layer in range(settings.n_cpu_moe)]
    try:
        return [(re.compile(pattern), device_of(buffer, known)) for pattern, buffer in patterns]
    except re.error as error:
        raise SettingsError(
            "--override-tensor",
            f"{error.pattern!r} is not a regular expression.",
            hint="Write it like exps=CPU.",
        ) from error


def _device_of_weight(weight: Weight, layers: Mapping[int, str], output: str) -> str:
    match weight.role:
        case Role.LAYER if weight.layer is not None:
            return layers.get(weight.layer, HOST)
        case Role.OUTPUT:
            return output
        case _:
            return HOST


def _cache_bytes(facts: ModelFacts, logged: LoggedBuffers, layers: Mapping[int, str]) -> dict[str, int]:
    """The KV caches by device: each cache shared out over its layers by what a token takes in them."""
    by_index = {layer.index: layer for layer in facts.layers}
    total: dict[str, int] = {}
    for cache in logged.caches:
        devices = cache.layer_devices or {index: layers.get(index, HOST) for index in by_index}
        shares = list(accumulate(_row_elements(by_index.get(index)) for index in devices))
        ends = [cache.n_bytes * share // shares[-1] for share in shares]
        for device, (start, end) in zip(devices.values(), pairwise([0, *ends]), strict=True):
            total[device] = total.get(device, 0) + end - start
    return total


def _row_elements(layer: Layer | None) -> int:
    """What one token adds to a layer's cache, in elements; 1 where the header does not say."""
    attention = layer.attention if layer else None
    if attention is None:
        return 1
    per_head = attention.key_length + (0 if attention.keys_only else attention.value_length)
    return max(1, per_head * attention.head_count_kv)
