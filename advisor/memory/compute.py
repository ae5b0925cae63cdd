"""The compute buffers: scratch memory for one batch on every device, and the logits' own buffer.

A graph is reserved for the worst case (src/llama-context.cpp: sched_reserve). What lies in it at the same
time is found by replaying it, see `advisor.memory.graph`; this module says which part runs where.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.memory import kv_cache
from advisor.memory.graph.block import Block
from advisor.memory.graph.replay import masks_bytes, replay
from advisor.memory.graph.walk import F32, Pass
from advisor.memory.placement import Placement
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

# Their graphs look only at the batch, though a cache may be allocated (build_attn_inp_no_cache).
_WITHOUT_CACHE_IN_GRAPH = frozenset({"llama-embed", "t5encoder"})
_WITH_ENCODER = frozenset({"t5", "t5encoder"})  # llama_model_has_encoder: every row may be wanted
_WITHOUT_ROW_CHOICE = frozenset({"cogvlm"})  # its graph makes logits of every token
_UNPACKING = frozenset({"CUDA", "ROCm"})
# With several of these, batches are pipelined: what enters a device exists GGML_SCHED_MAX_COPIES times.
_PIPELINING = frozenset({"CUDA", "ROCm", "RPC"})
_MORE_COPIES = 3
# ggml-cuda.cu and others: GGML_OP_OFFLOAD_MIN_BATCH. A larger batch is worth carrying the weights over.
_OFFLOAD_MIN_BATCH = 32
_NEVER_OFFLOADED_TO = frozenset({"RPC"})


def output_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """The logits' own buffer, in host memory (src/llama-context.cpp: output_reserve)."""
    return F32 * settings.n_seq_max * facts.n_vocab


def compute_bytes(
    facts: ModelFacts, blocks: Sequence[Block], settings: LoadSettings, placement: Placement
) -> list[int]:
    """Bytes on every device of `placement`, the host last."""
    host = placement.host
    is_pipelined = _is_pipelined(facts, settings, placement)
    found = []
    for index, device in enumerate(placement.devices):
        here = [block for block in blocks if placement.layers[block.layer.index] == index]
        there = [block for block in blocks if placement.layers[block.layer.index] != index]
        load = read_pass(facts, settings, device.backend)
        has_output = placement.output == index
        if index != host and not here and not has_output:
            found.append(0)
            continue
        n_bytes = replay(here, load, there, has_input=index == host, has_output=has_output)
        if is_pipelined:
            n_rows = load.n_tokens if here or index == host else load.n_outputs
            read_here = blocks if index == host else here
            n_bytes += _MORE_COPIES * (masks_bytes(read_here, load) + F32 * n_rows * facts.n_embd)
        found.append(n_bytes)
    if placement.has_gpu:
        found[0] = _with_carried_weights(facts, blocks, settings, placement, found[0])
    return found


def read_pass(facts: ModelFacts, settings: LoadSettings, backend: str) -> Pass:
    """The pass that llama.cpp reserves for, with these settings."""
    n_tokens = min(settings.n_ctx, kv_cache.n_ubatch(facts, settings))
    n_tokens = -(-n_tokens // settings.n_seq_max) * settings.n_seq_max
    in_graph = facts.has_cache and facts.architecture not in _WITHOUT_CACHE_IN_GRAPH
    window = next(
        (layer.attention for layer in facts.layers if layer.attention and layer.attention.window), None
    )
    flash_attn = kv_cache.uses_flash_attn(facts, settings)
    all_rows = facts.architecture in _WITHOUT_ROW_CHOICE | _WITH_ENCODER or not settings.n_outputs_max
    return Pass(
        architecture=facts.architecture,
        n_embd=facts.n_embd,
        n_vocab=facts.n_vocab,
        n_expert=facts.n_expert,
        value_row_max=facts.value_row_max,
        has_cache=facts.has_cache,
        n_tokens=n_tokens,
        n_outputs=n_tokens if all_rows else min(n_tokens, settings.n_outputs_max),
        n_seqs=settings.n_seq_max,
        n_stream=kv_cache.n_stream(facts, settings),
        n_cells=settings.n_ctx_per_slot if in_graph else n_tokens,
        n_window_cells=0
        if window is None
        else kv_cache.n_cells(facts, settings, window)
        if in_graph
        else n_tokens,
        flash_attn=flash_attn,
        quantized_k=kv_cache.is_quantized(settings.cache_type_k),
        quantized_v=kv_cache.is_quantized(settings.cache_type_v),
        unpacks_k=backend in _UNPACKING and settings.cache_type_k != "f16",
        unpacks_v=backend in _UNPACKING and settings.cache_type_v != "f16",
    )


def _is_pipelined(facts: ModelFacts, settings: LoadSettings, placement: Placement) -> bool:
    gpus = placement.devices[:-1]
    return (
        len(gpus) > 1
        and settings.n_gpu_layers > facts.n_layer_all
        and settings.split_mode == "layer"
        and settings.offload_kqv
        and not settings.override_tensor
        and not settings.n_cpu_moe
        and all(gpu.backend in _PIPELINING for gpu in gpus)
    )


def _with_carried_weights(
    facts: ModelFacts,
    blocks: Sequence[Block],
    settings: LoadSettings,
    placement: Placement,
    n_bytes: int,
) -> int:
    """A large batch multiplies host weights on the first GPU: two matrices and their results at a time.

    Where only the experts stay behind, the results are on the GPU anyway.
    """
    first = placement.devices[0].backend
    n_tokens = read_pass(facts, settings, first).n_tokens
    if not settings.op_offload or n_tokens < _OFFLOAD_MIN_BATCH or first in _NEVER_OFFLOADED_TO:
        return n_bytes
    pairs = _pairs(facts)
    carried = n_bytes
    for block in blocks:
        layer = block.layer.index
        on_host = placement.layers[layer] == placement.host
        if not on_host and layer >= settings.n_cpu_moe:
            continue
        weights, width = pairs.get(layer, (0, 0)) if on_host or block.layer.n_expert_used else (0, 0)
        if on_host:
            carried = max(carried, weights + F32 * n_tokens * (width + facts.n_embd))
        else:
            carried = max(carried, n_bytes + weights)
    return carried


def _pairs(facts: ModelFacts) -> dict[int, tuple[int, int]]:
    """For each block, the bytes of the two widest feed-forward matrices and the width of their results."""
    found: dict[int, tuple[int, int]] = {}
    used = {layer.index: max(1, layer.n_expert_used) for layer in facts.layers}
    for weight in facts.weights:
        if (
            weight.layer is None
            or ".ffn_" not in weight.name
            or "_down" in weight.name
            or len(weight.dims) < 2
        ):
            continue
        if weight.name.endswith(("exps.weight", "ffn_gate.weight", "ffn_up.weight")):
            n_bytes, width = found.get(weight.layer, (0, 0))
            rows = weight.dims[1] * (used[weight.layer] if weight.is_expert else 1)
            found[weight.layer] = n_bytes + weight.n_bytes, width + rows
    return found
