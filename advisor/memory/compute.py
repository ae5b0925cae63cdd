"""The compute buffers: scratch memory for one batch on every device, and the logits' own buffer.

A graph is reserved for the worst case (src/llama-context.cpp: sched_reserve). What lies in it at the same
time is found by replaying it, see `advisor.memory.graph`; this module says which part runs where.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.memory import kv_cache
from advisor.memory.graph.block import Block, ModelGraph
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
_COPIES = 4
# ggml-cuda.cu and others: GGML_OP_OFFLOAD_MIN_BATCH. A larger batch is worth carrying the weights over.
_OFFLOAD_MIN_BATCH = 32
_NEVER_OFFLOADED_TO = frozenset({"RPC"})


def output_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """The logits' own buffer, in host memory (src/llama-context.cpp: output_reserve)."""
    return F32 * settings.n_seq_max * facts.n_vocab


def compute_bytes(
    facts: ModelFacts, graph: ModelGraph, settings: LoadSettings, placement: Placement
) -> list[int]:
    """Bytes on every device of `placement`, the host last."""
    is_pipelined = _is_pipelined(facts, settings, placement)
    found = []
    for index, device in enumerate(placement.devices):
        load = read_pass(facts, graph, settings, device.backend)
        here = [block for block in graph.blocks if placement.layers[block.layer.index] == index]
        there = [block for block in graph.blocks if placement.layers[block.layer.index] != index]
        is_host, has_output = index == placement.host, index == placement.output
        if not (here or is_host or has_output):
            found.append(0)
            continue
        n_bytes = replay(
            here, load, there, has_input=is_host, has_output=has_output, keeps_masks=is_pipelined
        )
        borrowed = _borrowed_cache_bytes(facts, here, settings, placement, index)
        if is_pipelined:
            n_bytes += _pipeline_bytes(graph, here, load, placement, index)
            borrowed *= _COPIES
        found.append(n_bytes + borrowed)
    if placement.has_gpu:
        found[0] = _with_carried_weights(facts, graph, settings, placement, found[0])
    return found


def _pipeline_bytes(
    graph: ModelGraph, here: Sequence[Block], load: Pass, placement: Placement, index: int
) -> int:
    """What pipelining adds: more copies of all that enters a device, and none of it is freed.

    From one GPU to the next go two tensors, the residual and its norm.
    """
    is_host = index == placement.host
    n_rows = load.n_tokens if here or is_host else load.n_outputs
    entering = _COPIES - 1
    if here and not is_host:
        entering = 2 * _COPIES if index else _COPIES
    masks = masks_bytes(graph.blocks if is_host else here, load)
    return (_COPIES - 1) * masks + entering * F32 * n_rows * load.n_embd


def read_pass(facts: ModelFacts, graph: ModelGraph, settings: LoadSettings, backend: str) -> Pass:
    """The pass that llama.cpp reserves for, with these settings."""
    n_tokens = min(settings.n_ctx, kv_cache.n_ubatch(facts, settings))
    n_tokens = -(-n_tokens // settings.n_seq_max) * settings.n_seq_max
    in_graph = facts.has_cache and facts.architecture not in _WITHOUT_CACHE_IN_GRAPH
    flash_attn = kv_cache.uses_flash_attn(facts, settings)
    all_rows = facts.architecture in _WITHOUT_ROW_CHOICE | _WITH_ENCODER or not settings.n_outputs_max
    return Pass(
        architecture=facts.architecture,
        n_embd=facts.n_embd,
        n_vocab=0 if facts.is_encoder else facts.n_vocab,  # src/models/*.cpp: encoders end with t_embd
        n_expert=facts.n_expert,
        per_layer_width=graph.per_layer_width,
        value_row_max=facts.value_row_max,
        has_cache=facts.has_cache,
        n_tokens=n_tokens,
        n_outputs=n_tokens if all_rows else min(n_tokens, settings.n_outputs_max),
        n_seqs=settings.n_seq_max,
        n_stream=kv_cache.n_stream(facts, settings),
        n_cells=settings.n_ctx_per_slot if in_graph else n_tokens,
        n_window_cells=_window_cells(facts, settings, n_tokens, in_graph=in_graph),
        flash_attn=flash_attn,
        quantized_k=kv_cache.is_quantized(settings.cache_type_k),
        quantized_v=kv_cache.is_quantized(settings.cache_type_v),
        unpacks_k=backend in _UNPACKING and settings.cache_type_k != "f16",
        unpacks_v=backend in _UNPACKING and settings.cache_type_v != "f16",
    )


def _window_cells(facts: ModelFacts, settings: LoadSettings, n_tokens: int, *, in_graph: bool) -> int:
    for layer in facts.layers:
        if layer.attention and layer.attention.window:
            return kv_cache.n_cells(facts, settings, layer.attention) if in_graph else n_tokens
    return 0


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


def _borrowed_cache_bytes(
    facts: ModelFacts, here: Sequence[Block], settings: LoadSettings, placement: Placement, index: int
) -> int:
    """Where a block reads another's cache that lies on another device (Gemma 3n and 4), it gets a copy.

    At least one for each such cache; the engine was seen to hold up to three.
    """
    donors = {block.layer.attention.shares_cache_of for block in here if block.layer.attention}
    total = 0
    for donor in donors - {None}:
        attention = facts.layers[donor or 0].attention
        home = placement.layers[donor or 0] if settings.offload_kqv else placement.host
        if attention and home != index:
            total += kv_cache.layer_bytes(facts, settings, attention)
    return total


def _with_carried_weights(
    facts: ModelFacts, graph: ModelGraph, settings: LoadSettings, placement: Placement, n_bytes: int
) -> int:
    """A large batch multiplies host weights on the first GPU: two matrices and their results at a time.

    Where only the experts stay behind, the results are on the GPU anyway.
    """
    first = placement.devices[0].backend
    n_tokens = read_pass(facts, graph, settings, first).n_tokens
    if not settings.op_offload or n_tokens < _OFFLOAD_MIN_BATCH or first in _NEVER_OFFLOADED_TO:
        return n_bytes
    carried = n_bytes
    for block in graph.blocks:
        layer = block.layer.index
        on_host = placement.layers[layer] == placement.host
        if not on_host and layer >= settings.n_cpu_moe:
            continue
        weights, width = graph.feed_forward_pairs[layer] if on_host or block.layer.n_expert_used else (0, 0)
        if on_host:
            carried = max(carried, weights + F32 * n_tokens * (width + facts.n_embd))
        else:
            carried = max(carried, n_bytes + weights)
    return carried
