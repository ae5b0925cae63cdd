"""The skeleton of a model: how many blocks, of which width, with how many heads.

Mirrors `llama_model_base::load_hparams` (src/llama-model.cpp) and the few architectures whose own loader
changes the number of blocks afterwards (src/models/*.cpp).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from advisor.model import refusals
from advisor.model.keys import Keys

MAX_LAYERS = 512  # LLAMA_MAX_LAYERS, src/llama-hparams.h
MAX_EXPERTS = 1024  # LLAMA_MAX_EXPERTS

# Both `_mla` lengths in the header make it MLA (hparams.is_mla). Others keep the keys unread.
_MLA_OPTIONAL = frozenset({"deepseek2", "deepseek32", "glm-dsa", "mistral4"})
_MLA_REQUIRED = frozenset({"bailingmoe3", "dots3note", "glm5-next", "hy_v4", "kimi-k3", "kimi-linear"})

# Their cached value is the latent itself, whatever `value_length` says.
_VALUE_IS_LATENT = frozenset({"glm5-next", "kimi-k3"})


@dataclass(frozen=True, slots=True)
class Shape:
    """Counts and widths; tuples have one entry for each of the `n_layer_all` blocks."""

    architecture: str
    n_layer: int  # without multi-token prediction blocks
    n_layer_all: int
    n_ctx_train: int
    n_embd: int
    n_expert: int
    n_expert_used: tuple[int, ...]
    head_count: tuple[int, ...]
    head_count_kv: tuple[int, ...]
    n_ff: tuple[int, ...]
    key_length: int
    value_length: int
    key_length_swa: int
    value_length_swa: int
    is_mla: bool


def read_shape(keys: Keys, tensor_names: AbstractSet[str]) -> Shape:
    """The shape of the model; raises ModelFactsError for missing, absurd or contradicting keys."""
    n_layer_all = keys.positive("block_count", MAX_LAYERS)
    n_nextn = keys.number("nextn_predict_layers", 0)
    if n_nextn > n_layer_all:
        raise refusals.absurd(
            keys.full("nextn_predict_layers"), f"is {n_nextn:,}, but the model has {n_layer_all} layers"
        )
    if keys.architecture == "deepseek4" and not _has_prediction_block(tensor_names, n_layer_all - n_nextn):
        n_nextn = 0
    n_expert, n_expert_used = _experts(keys, n_layer_all)
    head_count = keys.per_layer("attention.head_count", n_layer_all, 0)
    shape = Shape(
        architecture=keys.architecture,
        n_layer=n_layer_all - n_nextn,
        n_layer_all=n_layer_all,
        n_ctx_train=keys.positive("context_length"),
        n_embd=keys.positive(
            "features_length" if keys.architecture == "wavtokenizer-dec" else "embedding_length"
        ),
        n_expert=n_expert,
        n_expert_used=n_expert_used,
        head_count=head_count,
        head_count_kv=_head_count_kv(keys, head_count),
        n_ff=keys.per_layer("feed_forward_length", n_layer_all, 0),
        key_length=0,
        value_length=0,
        key_length_swa=0,
        value_length_swa=0,
        is_mla=_is_mla(keys),
    )
    return _with_other_blocks(keys, _with_head_sizes(keys, shape))


def _has_prediction_block(tensor_names: AbstractSet[str], n_layer: int) -> bool:
    """src/models/deepseek4.cpp: a header may count a block that the file does not hold."""
    return f"blk.{n_layer}.nextn.eh_proj.weight" in tensor_names


def _experts(keys: Keys, n_layer_all: int) -> tuple[int, tuple[int, ...]]:
    n_expert = keys.number("expert_count", 0)
    used = keys.per_layer("expert_used_count", n_layer_all, 0)
    if keys.architecture in ("hunyuan-dense", "hunyuan_vl") and n_expert <= 1:
        return 0, (0,) * n_layer_all
    if n_expert > MAX_EXPERTS:
        raise refusals.absurd(keys.full("expert_count"), f"is {n_expert:,}, but {MAX_EXPERTS:,} is the most")
    if max(used) > n_expert or (n_expert and not max(used)):
        raise refusals.contradiction(
            f"The header says that {max(used):,} of {n_expert:,} experts work on a token, which cannot be."
        )
    return n_expert, used


def _head_count_kv(keys: Keys, head_count: tuple[int, ...]) -> tuple[int, ...]:
    if not keys.has("attention.head_count_kv"):
        return head_count
    return keys.per_layer("attention.head_count_kv", len(head_count))


def _is_mla(keys: Keys) -> bool:
    lengths = ("attention.key_length_mla", "attention.value_length_mla")
    if keys.architecture in _MLA_REQUIRED:
        return all(keys.positive(name) for name in lengths)
    if keys.architecture in _MLA_OPTIONAL or not keys.known:
        return all(keys.number(name, 0) for name in lengths)
    return False


def _with_head_sizes(keys: Keys, shape: Shape) -> Shape:
    """Head sizes default to the width divided by the *first* layer's heads (hparams.n_head(0))."""
    first = shape.head_count[0]
    default = shape.n_embd // first if first else 0
    # With no heads in the first layer llama.cpp does not read the sizes at all, but plamo2's loader does.
    reads = bool(first) or shape.architecture == "plamo2"
    key_length = keys.number("attention.key_length", default) if reads else 0
    value_length = keys.number("attention.value_length", default) if reads else 0
    if first and not keys.has("attention.key_length") and shape.n_embd % first:
        raise refusals.contradiction(
            f"The header says that {first:,} heads share a width of {shape.n_embd:,}, which does not divide."
        )
    if shape.architecture in _VALUE_IS_LATENT:
        value_length = keys.positive("attention.kv_lora_rank")
    return replace(
        shape,
        key_length=key_length,
        value_length=value_length,
        key_length_swa=keys.number("attention.key_length_swa", key_length),
        value_length_swa=keys.number("attention.value_length_swa", value_length),
    )


def _with_other_blocks(keys: Keys, shape: Shape) -> Shape:
    """Architectures that run through more blocks than the file holds."""
    if shape.architecture == "nanbeige":
        return _looped(shape, keys.number("num_loops", 1))
    if shape.architecture == "graniteswitch":
        return _with_router(shape)
    return shape


def _looped(shape: Shape, n_loops: int) -> Shape:
    """src/models/nanbeige.cpp: the blocks are run `n_loops` times, each time with caches of their own."""
    n = shape.n_layer
    if n_loops == 1:
        return shape
    if n == 0 or not 2 <= n_loops <= MAX_LAYERS // n:
        raise refusals.absurd("nanbeige.num_loops", f"is {n_loops:,}")
    return replace(
        shape,
        n_layer=n * n_loops - (shape.n_layer_all - n),
        n_layer_all=n * n_loops,
        n_expert_used=shape.n_expert_used[:n] * n_loops,
        head_count=shape.head_count[:n] * n_loops,
        head_count_kv=shape.head_count_kv[:n] * n_loops,
        n_ff=shape.n_ff[:n] * n_loops,
    )


def _with_router(shape: Shape) -> Shape:
    """src/models/granite-switch.cpp: one more attention layer, of one head, behind the last block."""
    n = shape.n_layer
    if n >= MAX_LAYERS:
        raise refusals.absurd("graniteswitch.block_count", f"is {n:,}")
    return replace(
        shape,
        n_layer_all=n + 1,
        n_expert_used=(*shape.n_expert_used[:n], 0),
        head_count=(*shape.head_count[:n], 1),
        head_count_kv=(*shape.head_count_kv[:n], 1),
        n_ff=(*shape.n_ff[:n], 0),
    )
