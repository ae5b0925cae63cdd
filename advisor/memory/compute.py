"""The compute buffers: scratch memory for one batch on every device, and the logits' own buffer.

A graph is reserved for the worst case (src/llama-context.cpp: sched_reserve). What lies in it at the same
time is found by replaying it, see `advisor.memory.graph`; this module says which part runs where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from advisor.memory import kv_cache, recurrent
from advisor.memory.graph.block import Block, ModelGraph
from advisor.memory.graph.inputs import masks_bytes
from advisor.memory.graph.replay import replay
from advisor.memory.graph.splits import Kept
from advisor.memory.graph.walk import F32, NOTHING, Carried, Pass
from advisor.memory.placement import Placement
from advisor.model.facts import Attention, ModelFacts
from advisor.model.kv_row import key_elements
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
_NONE: Mapping[str, int] = {}


def output_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """The logits' own buffer, in host memory (src/llama-context.cpp: output_reserve)."""
    return F32 * settings.n_seq_max * facts.n_vocab


def compute_bytes(
    facts: ModelFacts, graph: ModelGraph, settings: LoadSettings, placement: Placement
) -> list[int]:
    """Bytes on every device of `placement`, the host last."""
    is_pipelined = _is_pipelined(facts, settings, placement)
    carries = _carries_weights(facts, graph, settings, placement)
    # Where layers run, which is not always where they lie.
    runs_on = [0 if carries and home == placement.host else home for home in placement.layers]
    found = []
    for index, device in enumerate(placement.devices):
        load = read_pass(facts, graph, settings, device.backend)
        output = placement.output
        if carries and output == placement.host and load.n_outputs >= _OFFLOAD_MIN_BATCH:
            output = 0
            load = replace(load, head_bytes=graph.head_bytes)
        here = [block for block in graph.blocks if runs_on[block.layer.index] == index]
        there = [block for block in graph.blocks if runs_on[block.layer.index] != index]
        is_host, has_output = index == placement.host, index == output
        if not (here or is_host or has_output):
            found.append(0)
            continue
        carried = _carried(facts, here, settings, placement, index, carries_weights=carries)
        kept_for = _kept_for(facts, there, settings, placement, carries_weights=carries) if is_host else []
        n_bytes = replay(
            here,
            load,
            there,
            has_input=is_host,
            has_output=has_output,
            keeps_masks=is_pipelined,
            carried=carried,
            kept_for=kept_for,
        )
        n_bytes += _second_expert_bytes(here, carried)
        if is_pipelined:
            n_bytes += _pipeline_bytes(graph, here, load, placement, index)
            n_bytes += (_COPIES - 1) * sum(sum(one.cache) for one in carried)
        found.append(n_bytes)
    return found


def _second_expert_bytes(here: Sequence[Block], carried: Sequence[Carried]) -> int:
    """Where recurrent blocks lie between, dry runs found some holes of one copy too small for the next.

    Whether they do changes with the number of such blocks; so there is always room for a second matrix.
    """
    if not any(block.layer.recurrence for block in here):
        return 0
    pairs = zip(here, carried, strict=True)
    experts = [block.expert_matrices for block, one in pairs if one.matrices is block.expert_matrices]
    return max((max(found.values(), default=0) for found in experts), default=0)


def _carries_weights(
    facts: ModelFacts, graph: ModelGraph, settings: LoadSettings, placement: Placement
) -> bool:
    """A large batch is multiplied with the host's weights on the first GPU (ggml_backend_offload_op)."""
    first = placement.devices[0].backend
    return (
        placement.has_gpu
        and settings.op_offload
        and first not in _NEVER_OFFLOADED_TO
        and read_pass(facts, graph, settings, first).n_tokens >= _OFFLOAD_MIN_BATCH
    )


def _carried(
    facts: ModelFacts,
    here: Sequence[Block],
    settings: LoadSettings,
    placement: Placement,
    index: int,
    *,
    carries_weights: bool,
) -> list[Carried]:
    """What each block that runs on a device brings there: host weights, and a cache that lies elsewhere."""
    host = placement.host
    found: list[Carried] = []
    made: dict[object, Carried] = {}  # blocks of one kind bring the same
    for block in here:
        layer, attention = block.layer.index, block.layer.attention
        has_experts_on_host = layer < settings.n_cpu_moe and bool(block.expert_matrices)
        matrices: Mapping[str, int] = _NONE
        if placement.layers[layer] != index:
            matrices = block.matrices
        elif carries_weights and index != host and has_experts_on_host:
            matrices = block.expert_matrices  # the first GPU works on all of them; each has room for its own
        experts_elsewhere = has_experts_on_host and index != host and not matrices
        donor = attention.shares_cache_of if attention else None
        home = placement.layers[layer if donor is None else donor] if settings.offload_kqv else host
        is_away = facts.has_cache and home != index
        is_split = bool(matrices) or (is_away and donor is None) or experts_elsewhere
        if not (is_away or is_split):
            found.append(NOTHING)
            continue
        key = (block.kind, id(matrices), is_away, is_split, experts_elsewhere)
        if key not in made:
            recurrence = block.layer.recurrence
            made[key] = Carried(
                matrices=matrices,
                cache=_cache_pieces(facts, settings, attention) if attention and is_away else (),
                state_bytes=recurrent.state_bytes(settings, recurrence) if recurrence and is_away else 0,
                is_split=is_split,
                experts_elsewhere=experts_elsewhere,
            )
        found.append(made[key])
    return found


def _cache_pieces(facts: ModelFacts, settings: LoadSettings, attention: Attention) -> tuple[int, ...]:
    """K and V of one layer, as they are copied: whole, for all cells."""
    if attention.shares_cache_of is not None:
        donor = facts.layers[attention.shares_cache_of].attention
        return _cache_pieces(facts, settings, donor) if donor else ()
    n_bytes = kv_cache.layer_bytes(facts, settings, attention)
    n_cells = kv_cache.n_cells(facts, settings, attention) * kv_cache.n_stream(facts, settings)
    n_key = n_cells * kv_cache.row_bytes(settings.cache_type_k, key_elements(attention))
    # Where the values are a part of the keys, they are another view of them, and another copy.
    return n_key, n_key if attention.keys_only else n_bytes - n_key


def _kept_for(
    facts: ModelFacts,
    there: Sequence[Block],
    settings: LoadSettings,
    placement: Placement,
    *,
    carries_weights: bool,
) -> list[Kept]:
    """What the host does for the blocks that are computed on a GPU."""
    # src/llama-graph.cpp: build_attn_mha. A dry run (b10434) forgets it and has the scores on the GPU.
    scores = not settings.offload_kqv and not kv_cache.uses_flash_attn(facts, settings)
    found = []
    for block in there:
        layer = block.layer.index
        is_host = placement.layers[layer] == placement.host
        has_cache = is_host or not settings.offload_kqv
        feeds = layer < settings.n_cpu_moe and bool(block.expert_matrices) and not carries_weights
        if has_cache or feeds:
            found.append(Kept(block, has_cache, scans=is_host, scores=scores, feeds=feeds))
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
        has_rope_table=graph.has_rope_table,
        is_reordered=backend == "Vulkan",
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
