"""The whole graph, replayed: inputs, blocks, output head. The peak is the compute buffer.

Mirrors `graph_reserve` (src/llama-context.cpp) for the prompt graph, the larger of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.attention import attend, project
from advisor.memory.graph.block import Block
from advisor.memory.graph.compressed import attend_compressed, is_compressed
from advisor.memory.graph.feed_forward import feed_forward, is_parallel
from advisor.memory.graph.inputs import add_inputs, masks_of
from advisor.memory.graph.latent import attend_latent, is_latent
from advisor.memory.graph.recurrence import copy_history, mix_channels, remember
from advisor.memory.graph.splits import Kept, begin_split, enter_split, work_for
from advisor.memory.graph.streams import join, n_streams, open_streams, spread
from advisor.memory.graph.walk import F32, NOTHING, Carried, Pass, Walk
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
# Copies of different sizes leave holes that the next block of the same kind cannot use.
_REPEATS_OF_CARRIED = 3


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
    masks = masks_of(blocks, load)
    kept = (masks_of(elsewhere, load) if has_input else {}) | (masks if keeps_masks else {})
    walk.take(sum(kept.values()))
    freed = {name: n_bytes for name, n_bytes in masks.items() if name not in kept}
    if not is_split:
        add_inputs(walk, blocks, steps, freed)
    n = n_streams(blocks[0], load.n_embd) if blocks else 1
    if not steps and elsewhere and not has_input and load.architecture not in _KEEP_ALL_ROWS:
        walk.n_rows = load.n_outputs  # only the rows that get logits come this far
    x = open_streams(walk, walk.new(load.n_embd), n)
    if load.architecture in _KEEP_EMBEDDING:
        x = walk.new(load.n_embd)
    per_layer = walk.take(F32 * load.per_layer_width * load.n_tokens)
    if is_split:
        add_inputs(walk, blocks, steps, freed, is_pending=True)
        if not carried[0].matrices:  # the first split ends only where the cache is written
            x = enter_split(walk, blocks[0], x)
    for i, block in enumerate(steps):
        walk.index, walk.carried = i, carried[positions[i]]
        begin_split(walk, carried, positions)
        if i == 0:
            per_layer = walk.turn(per_layer, load.per_layer_width)
        x = _block(walk, block, x, n, is_last=has_output and i == len(steps) - 1)
        if i == 0:
            _join_per_layer(walk, per_layer)
    walk.carried = NOTHING
    if kept_for:
        walk.n_rows = load.n_tokens
        walk.free(x)
        work_for(walk, kept_for)
    if has_output:
        walk.take(load.head_bytes)
        walk.take(F32 * load.n_vocab * load.n_outputs)
    return walk.arena.peak_bytes


def _join_per_layer(walk: Walk, from_tokens: Piece) -> None:
    """What the tokens give each later block is joined, after the first, with what their embedding gives."""
    n_bytes = F32 * walk.load.per_layer_width * walk.load.n_tokens
    projected, normed = walk.take(n_bytes), walk.take(n_bytes)
    walk.free(projected, from_tokens)
    walk.take(n_bytes)
    walk.free(normed)


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
