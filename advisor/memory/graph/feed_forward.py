"""The feed-forward part of a block, dense or by experts, replayed.

Mirrors `build_ffn` and `build_moe_ffn` (src/llama-graph.cpp).
"""

from __future__ import annotations

from advisor.memory.graph.arena import Piece
from advisor.memory.graph.block import Block
from advisor.memory.graph.walk import Walk

# Limits on gate and up are operations in place (src/llama-graph.cpp: swiglu_clamp_exp), as is the product.
_CLAMPED_GATES = frozenset({"bailingmoe3"})
_TANH_GATES = frozenset({"kimi-k3"})  # LLM_FFN_SITU
_WEIGHS_FIRST = frozenset({"llama4"})  # the input is repeated for each expert and weighed
_NORMS_BETWEEN = ("ffn_norm", "post_", "attn_output_norm", "layer_output_norm", "hc_")


def has_experts(block: Block) -> bool:
    return block.has("ffn_up_exps", "ffn_gate_up_exps")


def is_parallel(block: Block) -> bool:
    """Attention and feed-forward share the block's one norm, or have one each before attention."""
    return (
        block.layer.attention is not None
        and block.has("attn_norm")
        and block.has("ffn_down", "ffn_down_exps")
        and not any(name.startswith(_NORMS_BETWEEN) for name in block.tensors)
    )


def feed_forward(walk: Walk, block: Block, norm: Piece) -> Piece:
    """Frees `norm` and returns the block's result."""
    return _experts(walk, block, norm) if has_experts(block) else dense(walk, block, norm, "")


def dense(walk: Walk, block: Block, norm: Piece, ending: str) -> Piece:
    """One gated or plain pair of matrices; `ending` is "" or "_shexp"."""
    width = block.into(f"ffn_down{ending}")
    if block.has(f"ffn_gate{ending}"):
        active = _gate_and_up(walk, norm, width, ending)
    elif block.out(f"ffn_up{ending}") == 2 * width:  # gate and up in one matrix
        both = walk.new(2 * width, by=f"ffn_up{ending}")
        walk.free(norm)
        active = walk.turn(both, width)
    else:  # the activation works in place
        active = walk.new(width, by=f"ffn_up{ending}")
        walk.free(norm)
    return walk.turn(active, walk.load.n_embd, by=f"ffn_down{ending}")


def _experts(walk: Walk, block: Block, norm: Piece) -> Piece:
    n_used = block.layer.n_expert_used
    load = walk.load
    is_shared = block.has("ffn_down_shexp")
    is_latent = block.has("ffn_routed_down")  # kimi-k3's experts work in a narrower space
    width = n_used * block.into("ffn_down_exps")
    probabilities = walk.new(load.n_expert)
    chosen = walk.new(load.n_expert)
    weights = walk.new(n_used)
    walk.free(probabilities)
    narrow = walk.new(block.out("ffn_routed_down"), by="ffn_routed_down") if is_latent else None
    repeated = walk.new(n_used * load.n_embd) if load.architecture in _WEIGHS_FIRST else None
    read = narrow if is_latent else None if is_shared else norm
    if walk.carried.experts_elsewhere:
        walk.free(read, repeated)
        each = walk.new(n_used * block.out("ffn_down_exps"))
    else:
        active = _active(walk, block, read, width, repeated)
        each = walk.turn(active, n_used * block.out("ffn_down_exps"), by="ffn_down_exps")
    walk.free(chosen, weights)
    result = walk.new(block.out("ffn_down_exps"))
    walk.free(each)
    if is_latent:
        result = walk.turn(result, load.n_embd, by="ffn_routed_up")
    if is_shared:
        walk.free(dense(walk, block, norm, "_shexp"))
    elif is_latent:
        walk.free(norm)
    return result


def _active(walk: Walk, block: Block, norm: Piece | None, width: int, repeated: Piece | None) -> Piece:
    """The chosen experts' activations; frees `norm` (which shared experts may still need) and `repeated`."""
    if block.has("ffn_gate_exps"):
        return _gate_and_up(walk, norm, width, "_exps", repeated)
    both = block.has("ffn_gate_up_exps")
    active = walk.new(2 * width if both else width, by="ffn_gate_up_exps" if both else "ffn_up_exps")
    walk.free(norm, repeated)
    return walk.turn(active, width) if both else active


def _gate_and_up(
    walk: Walk, norm: Piece | None, width: int, ending: str, repeated: Piece | None = None
) -> Piece:
    """The product of the activated gate and the rest. Frees `norm` and `repeated`."""
    gate = walk.new(width, by=f"ffn_gate{ending}")
    if walk.load.architecture in _TANH_GATES:
        gate = walk.turn(gate, width)
    up = walk.new(width, by=f"ffn_up{ending}")
    walk.free(norm, repeated)
    if walk.load.architecture in _CLAMPED_GATES or walk.load.architecture in _TANH_GATES:
        walk.free(up)
        return gate
    active = walk.new(width)
    walk.free(gate, up)
    return active
