"""Recurrent blocks, replayed: state-space scans, delta rules, short convolutions, linear attention, RWKV.

Mirrors src/models/mamba-base.cpp, delta-net-base.cpp, qwen35.cpp, kimi-linear.cpp, lfm2.cpp,
minimax-01.cpp, rwkv6-base.cpp and rwkv7-base.cpp. What a block is, its tensors' names say.
"""

from __future__ import annotations

import math

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.block import Block
from advisor.memory.graph.walk import F32, Pass, Walk
from advisor.model.facts import Recurrence

DECAY = "decay"  # an input of linear attention
# Where these are, each product names its matrix; elsewhere the widest that is carried stays all the time.
_MARKED = ("ssm_alpha", "ssm_ba", "ssm_in", "shortconv.in_proj")
_RWKV_BLENDS = 5  # for weights, keys, values, receptance and gate, where they are stored apart


def copy_history(walk: Walk, block: Block, recurrence: Recurrence) -> Piece | None:
    """Mamba's last inputs are copied before the layer begins."""
    return _state(walk, recurrence.conv_elements) if block.has("ssm_in") else None


def remember(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece, copied: Piece | None) -> Piece:
    """From the normed input to the projected result. Frees `norm` and `copied`."""
    state = walk.take(walk.carried.state_bytes)
    matrix = walk.take(0 if block.has(*_MARKED) else max(walk.carried.matrices.values(), default=0))
    if block.has("ssm_conv1d_q"):
        result = _kimi_delta(walk, block, recurrence, norm)
    elif block.has("ssm_alpha", "ssm_ba"):
        result = _gated_delta(walk, block, recurrence, norm)
    elif block.has("ssm_x"):
        result = _mamba(walk, block, recurrence, norm, copied)
    elif block.has("ssm_in"):
        result = _mamba2(walk, block, recurrence, norm, copied)
    elif block.has("shortconv.in_proj"):
        result = _short_convolution(walk, block, norm)
    elif block.has("time_mix_w1"):
        result = _rwkv(walk, block, recurrence, norm)
    else:
        result = _linear_attention(walk, block, recurrence, norm)
    walk.free(state, matrix)
    return result


def receive_state(walk: Walk, block: Block, recurrence: Recurrence, *, scans: bool) -> None:
    """The host keeps the state of a block that is computed elsewhere: what is copied back, and often more.

    The last inputs of a convolution come as a view, with all rows between them. A state-space scan is one row
    to ggml (ggml_nrows), too small to be taken to the GPU: it `scans` where the block's weights lie.
    """
    width = recurrence.conv_elements // max(1, block.into("ssm_conv1d") - 1)
    rows = [walk.new(width) for _ in range(3 if scans and block.has("ssm_in") else 1)]
    if scans and block.has("ssm_in"):
        walk.free(_scan(walk, block.into("ssm_out"), recurrence.state_elements))
    walk.free(*rows)
    walk.free(_state(walk, recurrence.state_elements))


def _state(walk: Walk, n_elements: int) -> Piece:
    """A copy of all sequences' state."""
    return walk.take(F32 * n_elements * walk.load.n_seqs)


def _with_history(walk: Walk, width: int, n_history: int) -> Piece:
    """The input of a convolution: each sequence's last `n_history` inputs before the new ones."""
    return walk.take(F32 * width * (walk.n_rows + n_history * walk.load.n_seqs))


def _scan(walk: Walk, width: int, n_state: int) -> Piece:
    """The result of a scan with the new state behind it, in one tensor."""
    return walk.take(F32 * (width * walk.n_rows + n_state * walk.load.n_seqs))


def _mamba(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece, copied: Piece | None) -> Piece:
    inner = block.into("ssm_out")
    both = walk.turn(norm, block.out("ssm_in"), by="ssm_in")
    history = _with_history(walk, inner, block.into("ssm_conv1d") - 1)
    walk.free(copied)
    x = walk.new(inner)
    walk.free(history)
    steps = walk.new(block.out("ssm_x"), by="ssm_x")
    time = walk.new(inner, by="ssm_dt")
    scan = _scan(walk, inner, recurrence.state_elements)
    walk.free(time, steps)
    gate = walk.new(inner)
    walk.free(both, scan)
    active = walk.new(inner)
    walk.free(gate, x)
    return walk.turn(active, walk.load.n_embd, by="ssm_out")


def _mamba2(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece, copied: Piece | None) -> Piece:
    inner, mixed = block.into("ssm_out"), block.out("ssm_conv1d")
    whole = walk.turn(norm, block.out("ssm_in"), by="ssm_in")
    history = _with_history(walk, mixed, block.into("ssm_conv1d") - 1)
    walk.free(copied)
    x = walk.new(mixed)
    # Dry runs with every layer on a device show one more activation than on the CPU.
    is_kept = walk.is_device and not walk.carried.matrices
    walk.free(None if is_kept else history)
    scan = _scan(walk, inner, recurrence.state_elements)
    gate = walk.new(inner)
    walk.free(whole, history if is_kept else None)
    y = walk.new(inner)
    walk.free(x, scan)
    active = walk.new(inner)
    walk.free(gate, y)
    active = walk.turn(active, inner)
    return walk.turn(active, walk.load.n_embd, by="ssm_out")


def _gated_delta(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece) -> Piece:
    inner, mixed = block.into("ssm_out"), block.out("ssm_conv1d")
    whole = walk.new(block.out("attn_qkv") or mixed, by="attn_qkv" if block.has("attn_qkv") else "ssm_in")
    history = _with_history(walk, mixed, block.into("ssm_conv1d") - 1)
    walk.free(whole)
    state = _state(walk, recurrence.state_elements)
    x = walk.new(mixed)
    walk.free(history)
    qk_width = (mixed - inner) // 2
    if block.has("ssm_ba"):  # qwen3next repeats Q and K up to V's heads
        q = walk.turn(walk.new(qk_width), inner)
        k = walk.turn(walk.new(qk_width), inner)
    else:
        q, k = walk.new(qk_width), walk.new(qk_width)
    scan = _scan(walk, inner, recurrence.state_elements)
    walk.free(q, k, x, state)
    y = walk.new(inner)
    walk.free(scan)
    gate = walk.new(inner, by="attn_gate")
    walk.free(norm)
    gate = walk.turn(gate, inner)
    walk.free(gate)
    return walk.turn(y, walk.load.n_embd, by="ssm_out")


def _kimi_delta(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece) -> Piece:
    width = math.prod(block.tensors["ssm_conv1d_q"][1:])
    n_history = block.into("ssm_conv1d_q") - 1
    histories = []
    for _ in "qkv":
        projected = walk.new(width)
        histories.append(_with_history(walk, width, n_history))
        walk.free(projected)
    state = _state(walk, recurrence.state_elements)
    pieces = []
    for i, history in enumerate(histories):
        x = walk.new(width)
        walk.free(history)
        x = walk.turn(x, width)
        pieces.append(walk.turn(x, width) if i < 2 else x)
    decay = walk.turn(walk.new(width), width)
    scan = _scan(walk, width, recurrence.state_elements)
    walk.free(*pieces, decay, state)
    y = walk.new(width)
    walk.free(scan)
    y = walk.turn(y, width)
    gate = walk.new(width)
    walk.free(norm)
    gate = walk.turn(gate, width)
    walk.free(gate)
    return walk.turn(y, walk.load.n_embd)


def _short_convolution(walk: Walk, block: Block, norm: Piece) -> Piece:
    width = walk.load.n_embd
    whole = walk.turn(norm, block.out("shortconv.in_proj"), by="shortconv.in_proj")
    product = walk.new(width)
    history = _with_history(walk, width, block.into("shortconv.conv") - 1)
    walk.free(product)
    x = walk.new(width)
    walk.free(history, whole)
    return walk.turn(x, width, by="shortconv.out_proj")


def is_linear(block: Block) -> bool:
    """minimax-01's blocks without softmax."""
    return block.layer.recurrence is not None and block.has("attn_qkv") and block.has("attn_norm_2")


def decay_bytes(load: Pass, block: Block) -> int:
    """How much each token of the batch fades for each other, by head: in place before the pass."""
    n_row = load.n_tokens // load.n_seqs
    return F32 * _linear_heads(block) * n_row * n_row


def _linear_heads(block: Block) -> int:
    """A head's state is a square matrix of its size."""
    width, recurrence = block.into("attn_output"), block.layer.recurrence
    return width * width // recurrence.state_elements if recurrence and recurrence.state_elements else 1


def _linear_attention(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece) -> Piece:
    """minimax-01: scores inside the batch, the state for what came before."""
    width = block.into("attn_output")
    n_row = walk.n_rows // walk.load.n_seqs
    state = _state(walk, recurrence.state_elements)
    whole = walk.new(block.out("attn_qkv"))
    before = walk.turn(walk.new(width), width)
    values = walk.new(width)
    scores = walk.take(F32 * _linear_heads(block) * n_row * n_row * walk.load.n_seqs)
    walk.has_read(DECAY)
    inside = walk.new(width)
    walk.free(scores, inside)
    keys = walk.new(width)
    walk.free(whole)
    keys = walk.turn(keys, width)
    walk.free(keys, values, state)
    gate = walk.new(width)
    walk.free(norm)
    walk.free(walk.turn(walk.turn(before, width), width))
    return walk.turn(gate, walk.load.n_embd)


def _rwkv(walk: Walk, block: Block, recurrence: Recurrence, norm: Piece) -> Piece:
    """Time mixing: every projection reads its own blend of a token and the one before it."""
    width = walk.load.n_embd
    n_blends = block.tensors.get("time_mix_lerp_fused", (_RWKV_BLENDS,))[-1]
    state = _state(walk, recurrence.state_elements)
    shifted = walk.new(width)
    if block.has("time_mix_a1"):
        blends = walk.turn(shifted, n_blends * width)
    else:
        narrow = walk.turn(walk.new(width), block.out("time_mix_w1"))
        narrow = walk.turn(narrow, block.out("time_mix_w1"))
        blends = walk.turn(narrow, n_blends * width)
        walk.free(shifted)
    projections = [walk.new(width) for _ in range(8 if block.has("time_mix_a1") else 4)]
    scan = _scan(walk, width, recurrence.state_elements)
    walk.free(*projections, state)
    normed = walk.turn(walk.turn(scan, width), width)
    gate = walk.new(width)
    walk.free(blends, gate, norm)
    return walk.turn(normed, width)


def mix_channels(walk: Walk, block: Block, norm: Piece) -> Piece:
    """RWKV's feed-forward part."""
    width = walk.load.n_embd
    shifted = walk.turn(walk.new(width), width)
    has_gate = block.has("channel_mix_receptance")
    receptance = walk.new(width, by="channel_mix_receptance") if has_gate else None
    walk.free(norm)
    keys = walk.new(block.into("channel_mix_value"), by="channel_mix_key")
    walk.free(shifted)
    result = walk.turn(keys, width, by="channel_mix_value")
    walk.free(receptance)
    return result
