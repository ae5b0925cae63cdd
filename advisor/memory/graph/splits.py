"""Where a pass is cut: blocks of one device whose weights, cache or experts lie on another.

Mirrors ggml_backend_sched_split_graph (ggml-backend.cpp): what a part reads is copied when it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.attention import POSITIONS, score_heads
from advisor.memory.graph.block import Block
from advisor.memory.graph.feed_forward import feed_forward
from advisor.memory.graph.inputs import ROWS
from advisor.memory.graph.recurrence import receive_state
from advisor.memory.graph.walk import Carried, Walk
from advisor.model.facts import Attention


@dataclass(frozen=True, slots=True)
class Kept:
    """What the host does for a block that is computed on a GPU."""

    block: Block
    has_cache: bool
    scans: bool = False  # the state-space scan, too
    scores: bool = False  # attention, too
    feeds: bool = False  # the experts, too


def begin_split(walk: Walk, carried: Sequence[Carried], positions: Sequence[int]) -> None:
    """A split begins with all copies that are read in it, also by later blocks.

    Those of blocks that are not replayed stay.
    """
    position = positions[walk.index]
    if not walk.carried.cache:
        walk.reach(ROWS)
    if carried[position].is_split or (position and not carried[position - 1].is_split):
        return
    steps = {at: i for i, at in enumerate(positions)}
    for at in range(position, len(carried)):
        if carried[at].is_split:
            break
        pieces = tuple(walk.take(n_bytes) for n_bytes in carried[at].cache)
        if at in steps and pieces:
            walk.borrowed[steps[at]] = pieces


def enter_split(walk: Walk, block: Block, x: Piece) -> Piece:
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


def work_for(walk: Walk, kept_for: Sequence[Kept]) -> None:
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
