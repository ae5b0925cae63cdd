"""The whole graph, replayed: inputs, blocks, output head. The peak is the compute buffer.

Mirrors `graph_reserve` (src/llama-context.cpp) for the prompt graph, the larger of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.attention import FULL, POSITIONS, WINDOW, attend, project, score_heads
from advisor.memory.graph.block import Block
from advisor.memory.graph.compressed import COARSE, FINE, attend_compressed, is_compressed
from advisor.memory.graph.feed_forward import feed_forward, is_parallel
from advisor.memory.graph.latent import attend_latent, is_latent
from advisor.memory.graph.recurrence import (
    DECAY,
    copy_history,
    decay_bytes,
    is_linear,
    mix_channels,
    receive_state,
    remember,
)
from advisor.memory.graph.selection import INDEXER, n_scored, zeros_bytes, zeros_of
from advisor.memory.graph.streams import join, n_streams, open_streams, spread
from advisor.memory.graph.walk import F16, F32, NOTHING, Carried, Pass, Walk
from advisor.model.facts import Attention, Recurrence

# Most architectures drop the rows of tokens without logits after the last attention, these after the last
# block (src/models/*.cpp: where inp_out_ids is used).
_KEEP_ALL_ROWS = frozenset(
    {
        "bailingmoe3",
        "cogvlm",
        "cohere2moe",
        "deepseek4",
        "gemma3n",
        "gemma4",
        "glm5-next",
        "gpt-oss",
        "hrm_text",
        "hy_v3",
        "hy_v4",
        "kimi-k3",
        "mimo2",
        "nemotron_h",
        "nemotron_h_moe",
        "qwen35",
        "qwen35moe",
        "qwen3next",
        "step35",
    }
)
# These add attention's projection to the residual before they begin the feed-forward part.
_PROJECTS_FIRST = frozenset({"phi2"})
# These keep the embedding, or a second state, beside the residual through all blocks.
_KEEP_EMBEDDING = frozenset({"hrm_text", "talkie"})
_INDEX_BYTES = 8  # of a row of the cache: GGML_TYPE_I64
_POSITION_BYTES = 4
_ROWS = "rows"  # of the cache, where the batch's V goes
_ROTATION_BYTES = F32 * 64 * 64  # src/llama-kv-cache.cpp: attn_inp_k_rot
# Copies of different sizes leave holes that the next block of the same kind cannot use.
_REPEATS_OF_CARRIED = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """What the host does for a block that is computed on a GPU."""

    block: Block
    has_cache: bool
    scans: bool = False  # the state-space scan, too
    scores: bool = False  # attention, too
    feeds: bool = False  # the experts, too


def replay(
    blocks: Sequence[Block],
    load: Pass,
    elsewhere: Sequence[Block] = (),
    *,
    has_input: bool,
    has_output: bool,
    keeps_masks: bool = False,
    carried: Sequence[Carried] = (),
    kept_for: Sequence[Kept] = (),
) -> int:
    """Bytes of the buffer in which `blocks` of the model are computed, with the inputs that they read.

    The device with the input keeps what blocks `elsewhere` read; `keeps_masks` keeps the others', too.
    `carried` is what each block brings from other devices, and the host works for the blocks `kept_for`.
    """
    walk = Walk(load, is_device=not has_input)
    carried = carried or (NOTHING,) * len(blocks)
    positions = list(_representatives(blocks, carried))
    steps = [blocks[position] for position in positions]
    is_split = any(one.is_split for one in carried)
    if has_input:
        walk.new(load.n_embd)  # embeddings in place of tokens: kept for the whole pass, never used
    masks = _masks(blocks, load)
    kept = (_masks(elsewhere, load) if has_input else {}) | (masks if keeps_masks else {})
    walk.take(sum(kept.values()))
    freed = {name: n_bytes for name, n_bytes in masks.items() if name not in kept}
    if not is_split:
        _add_inputs(walk, blocks, steps, freed)
    n = n_streams(blocks[0], load.n_embd) if blocks else 1
    if not steps and elsewhere and not has_input and load.architecture not in _KEEP_ALL_ROWS:
        walk.n_rows = load.n_outputs  # only the rows that get logits come this far
    x = open_streams(walk, walk.new(load.n_embd), n)
    if load.architecture in _KEEP_EMBEDDING:
        x = walk.new(load.n_embd)
    per_layer = walk.take(F32 * load.per_layer_width * load.n_tokens)
    if is_split:
        _add_inputs(walk, blocks, steps, freed, is_pending=True)
        if not carried[0].matrices:  # the first split ends only where the cache is written
            x = _enter(walk, blocks[0], x)
    for i, block in enumerate(steps):
        walk.index, walk.carried = i, carried[positions[i]]
        _begin(walk, carried, positions)
        if i == 0:
            per_layer = walk.turn(per_layer, load.per_layer_width)
        x = _block(walk, block, x, n, is_last=has_output and i == len(steps) - 1)
        if i == 0:
            _join_per_layer(walk, per_layer)
    walk.carried = NOTHING
    if kept_for:
        walk.n_rows = load.n_tokens
        walk.free(x)
        _work_for(walk, kept_for)
    if has_output:
        walk.take(load.head_bytes)
        walk.take(F32 * load.n_vocab * load.n_outputs)
    return walk.arena.peak_bytes


def _begin(walk: Walk, carried: Sequence[Carried], positions: Sequence[int]) -> None:
    """A split begins with all copies that are read in it, also by later blocks.

    Those of blocks that are not replayed stay.
    """
    position = positions[walk.index]
    if not walk.carried.cache:
        walk.reach(_ROWS)
    if carried[position].is_split or (position and not carried[position - 1].is_split):
        return
    steps = {at: i for i, at in enumerate(positions)}
    for at in range(position, len(carried)):
        if carried[at].is_split:
            break
        pieces = tuple(walk.take(n_bytes) for n_bytes in carried[at].cache)
        if at in steps and pieces:
            walk.borrowed[steps[at]] = pieces


def _enter(walk: Walk, block: Block, x: Piece) -> Piece:
    """The last sum of the block before is made here: its parts come, the experts' results one by one."""
    if not block.layer.index:
        walk.reach(POSITIONS)
        return x
    n_used = block.layer.n_expert_used
    other = walk.new(max(1, n_used) * walk.load.n_embd)
    walk.reach(POSITIONS)
    if n_used:
        x = walk.turn(x, walk.load.n_embd)
    walk.free(other)
    return x


def _work_for(walk: Walk, kept_for: Sequence[Kept]) -> None:
    """What comes back for a cache, the batch's K and V or a new state, and what the other device leaves."""
    kinds = {(one.block.kind, one.has_cache, one.scans, one.scores, one.feeds): one for one in kept_for}
    for one in kinds.values():
        block, attention, recurrence = one.block, one.block.layer.attention, one.block.layer.recurrence
        if one.has_cache and recurrence:
            receive_state(walk, block, recurrence, scans=one.scans)
        if one.has_cache and attention and attention.shares_cache_of is None:
            _receive_cache(walk, block, attention)
            if one.scores:
                q = walk.new(attention.head_count * attention.key_length)
                walk.free(score_heads(walk, attention, q))
        if one.feeds:
            walk.free(feed_forward(walk, block, walk.new(walk.load.n_embd)))


def _receive_cache(walk: Walk, block: Block, attention: Attention) -> None:
    """V is often a view of one tensor with Q and K, and is copied with the gaps between its rows."""
    k = walk.new(attention.head_count_kv * attention.key_length)
    v_width = 0 if attention.keys_only else attention.head_count_kv * attention.value_length
    walk.free(walk.new(block.out("attn_qkv") or v_width), k)


def _join_per_layer(walk: Walk, from_tokens: Piece) -> None:
    """What the tokens give each later block is joined, after the first, with what their embedding gives."""
    n_bytes = F32 * walk.load.per_layer_width * walk.load.n_tokens
    projected, normed = walk.take(n_bytes), walk.take(n_bytes)
    walk.free(projected, from_tokens)
    walk.take(n_bytes)
    walk.free(normed)


def masks_bytes(blocks: Sequence[Block], load: Pass) -> int:
    """The masks that these blocks read: made on the host, copied to every device that needs them."""
    return sum(_masks(blocks, load).values())


def _representatives(blocks: Sequence[Block], carried: Sequence[Carried]) -> Iterator[int]:
    """The first of each pair of neighbours, and the last: the rest repeats what these do."""
    seen: dict[tuple[object, object], int] = {}
    before: object = None
    for i, (block, brought) in enumerate(zip(blocks, carried, strict=True)):
        kind = (block.kind, id(brought))  # what is the same is one object
        pair = (before, kind)
        count = seen[pair] = seen.get(pair, 0) + 1
        if count <= (_REPEATS_OF_CARRIED if brought.is_split else 1) or i == len(blocks) - 1:
            yield i
        before = kind


def _add_inputs(
    walk: Walk,
    blocks: Sequence[Block],
    steps: Sequence[Block],
    masks: Mapping[str, int],
    *,
    is_pending: bool = False,
) -> None:
    """What is in place before the first block: masks, decays and the tables of selecting blocks."""
    load = walk.load
    last_reader: dict[str, int] = {}
    tables = sum(zeros_bytes(load, block) for block in blocks)
    for i, block in enumerate(steps):
        last_reader |= dict.fromkeys(_read_by(block), i)
        if table := zeros_bytes(load, block):
            walk.add_input(zeros_of(i), table, i)
            tables -= table
    walk.take(tables)  # of the blocks that are not replayed
    for name in last_reader:
        if name in masks:
            is_late = is_pending and name in (FULL, WINDOW)
            n_rows = _row_bytes(name, load) if is_late else 0
            walk.add_input(name, masks[name] - n_rows, last_reader[name], is_pending=is_late)
    if is_pending:
        n_rows = sum(_row_bytes(name, load) for name in last_reader if name in masks)
        walk.add_input(_ROWS, n_rows, len(steps), is_pending=True)
        n_bytes = _POSITION_BYTES * load.n_tokens + (_ROTATION_BYTES if load.quantized_k else 0)
        walk.add_input(POSITIONS, n_bytes, len(steps), is_pending=True)


def _masks(blocks: Sequence[Block], load: Pass) -> dict[str, int]:
    """The masks by name, in bytes, with the row numbers that V needs without flash attention."""
    element = F16 if load.flash_attn else F32
    found: dict[str, int] = {}
    for block in blocks:
        for name in _read_by(block):
            if name == DECAY:
                found[name] = decay_bytes(load, block)
            elif name not in found:
                found[name] = _mask_cells(name, load, block) * load.n_tokens * element
                found[name] += _row_bytes(name, load)
    return found


def _row_bytes(name: str, load: Pass) -> int:
    """The numbers of the rows to which V goes, element by element, without flash attention."""
    is_needed = not load.flash_attn and name in (FULL, WINDOW)
    return _INDEX_BYTES * load.n_tokens * load.value_row_max if is_needed else 0


def _read_by(block: Block) -> list[str]:
    """The masks that a block reads."""
    attention = block.layer.attention
    if attention is None:
        return [DECAY] if is_linear(block) else []
    names = [WINDOW if attention.window else FULL]
    if block.has("indexer.attn_q_b") or (attention.indexer_pool > 1 and block.has("indexer.q_proj")):
        names.append(INDEXER)
    if attention.compress_ratio:
        names.append(FINE if block.has("indexer.attn_q_b") else COARSE)
    return names


def _mask_cells(name: str, load: Pass, block: Block) -> int:
    attention = block.layer.attention
    if name == WINDOW:
        return load.n_window_cells
    if name == FULL or attention is None:
        return load.n_cells
    return n_scored(load, attention)


def _block(walk: Walk, block: Block, x: Piece, n: int, *, is_last: bool) -> Piece:
    is_early = is_last and walk.load.architecture not in _KEEP_ALL_ROWS
    attention, recurrence = block.layer.attention, block.layer.recurrence
    if attention and is_parallel(block):
        return _parallel_block(walk, block, attention, x, is_last=is_last)
    if attention or recurrence:
        result = _mix_tokens(walk, block, attention, recurrence, n)
        if is_early:
            result, x = _outputs_only(walk, result), _outputs_only(walk, x)
        x = spread(walk, x, result, n)
    elif is_early:
        x = _outputs_only(walk, x)
    if block.has("channel_mix_key"):
        x = spread(walk, x, mix_channels(walk, block, join(walk, block, n)), n)
    if block.has("ffn_down", "ffn_down_exps"):
        x = spread(walk, x, feed_forward(walk, block, join(walk, block, n)), n)
    return _outputs_only(walk, x) if is_last and not is_early else x


def _parallel_block(walk: Walk, block: Block, attention: Attention, x: Piece, *, is_last: bool) -> Piece:
    """Attention and feed-forward read the same normed input; the projection of the first comes last."""
    width = walk.load.n_embd
    norm = walk.new(width)
    own_norm = block.has("attn_norm_2")
    result = attend(walk, block, attention, norm if own_norm else walk.take(0))
    if walk.load.architecture in _PROJECTS_FIRST:
        result = project(walk, result)
    if is_last and walk.load.architecture not in _KEEP_ALL_ROWS:
        result, x = _outputs_only(walk, result), _outputs_only(walk, x)
        norm = norm if own_norm else _outputs_only(walk, norm)
    forward = feed_forward(walk, block, walk.new(width) if own_norm else norm)
    walk.free(x)
    if walk.load.architecture not in _PROJECTS_FIRST:
        result = project(walk, result)
    walk.free(result)
    return _outputs_only(walk, forward) if is_last else forward


def _mix_tokens(
    walk: Walk, block: Block, attention: Attention | None, recurrence: Recurrence | None, n: int
) -> Piece:
    """Attention, recurrence or (falcon-h1) the sum of both."""
    if attention is None:
        return _remember(walk, block, recurrence, n) if recurrence else walk.take(0)
    norm = join(walk, block, n)
    if is_latent(block):
        return project(walk, attend_latent(walk, block, attention, norm))
    if is_compressed(block):
        return project(walk, attend_compressed(walk, block, attention, norm))
    result = attend(walk, block, attention, norm)
    other = _remember(walk, block, recurrence, n) if recurrence else None
    result = project(walk, result)
    walk.free(other)
    return result


def _remember(walk: Walk, block: Block, recurrence: Recurrence, n: int) -> Piece:
    copied = copy_history(walk, block, recurrence)
    return remember(walk, block, recurrence, join(walk, block, n), copied)


def _outputs_only(walk: Walk, piece: Piece) -> Piece:
    """From here on only the rows of tokens whose logits are wanted."""
    walk.n_rows = walk.load.n_outputs
    return walk.turn(piece, walk.load.n_embd)
