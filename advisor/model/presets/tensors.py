"""The tensor list of a known model: its architecture's blueprint, with the sizes of its GGUF keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from advisor.gguf.header import Scalar
from advisor.model.presets.blueprints import BLUEPRINTS, OPTIONAL, PREDICTION, Blueprint
from advisor.model.shape import MAX_LAYERS


class PlainTensor(NamedTuple):
    """A tensor whose type is not chosen yet. `dims` is ggml's order."""

    name: str
    dims: tuple[int, ...]


class ModelKeys:
    """The GGUF keys of a model, without the architecture's name in front.

    Raises ValueError where a key that is needed is missing or not a number.
    """

    def __init__(self, keys: Mapping[str, Scalar | tuple[Scalar, ...]]) -> None:
        self._keys = keys

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return _whole(name, self._keys.get(name, default))

    def at(self, name: str, il: int, default: int | None = None) -> int:
        """The number for one block, where the key may hold one for all blocks."""
        value = self._keys.get(name, default)
        if isinstance(value, tuple):
            value = value[il] if il < len(value) else None
        return _whole(name, value)


def plain_tensors(
    architecture: str, keys: ModelKeys, optional_tensors: Sequence[str]
) -> tuple[PlainTensor, ...]:
    """All tensors, ordered as by llama-quantize: outside the blocks first, then block by block, by name.

    That order (src/llama-model-loader.h: weight_name_comparer) decides which tensors get more bits.
    Raises ValueError for a tensor whose size does not follow from the keys.
    """
    n_blocks = keys.number("block_count")
    if not 1 <= n_blocks <= MAX_LAYERS:
        raise ValueError(f"its block_count is {n_blocks:,}")
    blueprint = reduce(_extended, (OPTIONAL[word] for word in optional_tensors), BLUEPRINTS[architecture])
    outside = f"token_embd.weight embd vocab\n{blueprint.output_norm} embd\n{blueprint.outside}"
    tensors = _tensors("", outside, _sizes(keys, 0))
    for il in range(n_blocks):
        tensors += _tensors(f"blk.{il}.", _block(blueprint, keys, il), _sizes(keys, il))
    return tuple(tensors)


def _extended(blueprint: Blueprint, addition: Blueprint) -> Blueprint:
    return replace(
        blueprint,
        attention=f"{blueprint.attention}\n{addition.attention}",
        windowed=f"{blueprint.windowed}\n{addition.windowed}",
        experts=f"{blueprint.experts}\n{addition.experts}",
        every=f"{blueprint.every}\n{addition.every}",
        outside=f"{blueprint.outside}\n{addition.outside}",
    )


def _tensors(prefix: str, lines: str, sizes: Mapping[str, int]) -> list[PlainTensor]:
    tensors = []
    for line in filter(None, lines.splitlines()):
        name, *words = line.split()
        dims = tuple(math.prod(_size(factor, sizes) for factor in word.split("*")) for word in words)
        if min(dims) < 1:
            raise ValueError(f"the size of {prefix}{name} does not follow from its keys")
        tensors.append(PlainTensor(prefix + name, dims))
    return sorted(tensors)


def _size(factor: str, sizes: Mapping[str, int]) -> int:
    return int(factor) if factor.isdigit() else sizes[factor]


def _block(blueprint: Blueprint, keys: ModelKeys, il: int) -> str:
    """The lists of one block, joined."""
    predicts = il >= keys.number("block_count") - keys.number("nextn_predict_layers", 0)
    mixes_only = blueprint.one_part and not keys.at("feed_forward_length", il)
    feeds_only = blueprint.one_part and not mixes_only
    parts = [blueprint.every]
    if predicts or _attends(keys, il):
        parts.append(blueprint.attention)
        if keys.at("attention.sliding_window_pattern", il, 0):
            parts.append(blueprint.windowed)
    elif not feeds_only:
        parts.append(blueprint.recurrent)
    if not mixes_only:
        has_experts = keys.number("expert_count", 0) and il >= keys.number("leading_dense_block_count", 0)
        parts.append(blueprint.experts if has_experts else blueprint.dense)
    if predicts:
        parts.append(PREDICTION)
    return "\n".join(parts)


def _attends(keys: ModelKeys, il: int) -> bool:
    """Whether a block keeps a KV cache."""
    interval = keys.number("full_attention_interval", 1) or 1
    return (il + 1) % interval == 0 and _head_count_kv(keys, il) > 0


def _head_count_kv(keys: ModelKeys, il: int) -> int:
    return keys.at("attention.head_count_kv", il, keys.at("attention.head_count", il))


def _sizes(keys: ModelKeys, il: int) -> dict[str, int]:
    """What the words in a blueprint mean for one block; 0 for what the model does not have."""
    embd = keys.number("embedding_length")
    return {
        "embd": embd,
        "vocab": keys.number("vocab_size"),
        "blocks": keys.number("block_count"),
        "per_layer": keys.number("embedding_length_per_layer_input", 0),
        "altup": keys.number("altup.num_inputs", 0),
        "altup_others": keys.number("altup.num_inputs", 0) - 1,
        "laurel": 64,  # src/llama-hparams.h: laurel_rank; no key holds it
        **_attention_sizes(keys, il, embd),
        **_feed_forward_sizes(keys, il),
        **_state_sizes(keys),
    }


def _attention_sizes(keys: ModelKeys, il: int, embd: int) -> dict[str, int]:
    heads = keys.at("attention.head_count", il)
    heads_kv = _head_count_kv(keys, il)
    head = keys.number("attention.key_length", embd // heads if heads else 0)
    value = keys.number("attention.value_length", head)
    if keys.at("attention.sliding_window_pattern", il, 0):
        head = keys.number("attention.key_length_swa", head)
        value = keys.number("attention.value_length_swa", value)
    q, k, v = heads * head, heads_kv * head, heads_kv * value
    rope = keys.number("rope.dimension_count", head)
    kv_rank = keys.number("attention.kv_lora_rank", 0)
    key_mla = keys.number("attention.key_length_mla", 0)
    value_mla = keys.number("attention.value_length_mla", 0)
    return {
        "heads": heads,
        "head": head,
        "q": q,
        "k": k,
        "v": v,
        "qkv": q + k + v,
        "half_rope": rope // 2,
        "q_rank": keys.number("attention.q_lora_rank", 0),
        "kv_rank": kv_rank,
        "kv_a": kv_rank + rope,
        "key_nope": key_mla - rope,
        "value_mla": value_mla,
        "q_mla": heads * key_mla,
        "out_mla": heads * value_mla,
    }


def _feed_forward_sizes(keys: ModelKeys, il: int) -> dict[str, int]:
    ff = keys.at("feed_forward_length", il, 0)
    ff_exp = keys.number("expert_feed_forward_length", ff)
    shared = ff_exp * keys.number("expert_shared_count", 1)
    return {
        "ff": ff,
        "experts": keys.number("expert_count", 0),
        "ff_exp": ff_exp,
        "ff_shexp": keys.number("expert_shared_feed_forward_length", shared),
    }


def _state_sizes(keys: ModelKeys) -> dict[str, int]:
    inner = keys.number("ssm.inner_size", 0)
    state = keys.number("ssm.state_size", 0)
    groups = keys.number("ssm.group_count", 0)
    dt = keys.number("ssm.time_step_rank", 0)
    channels = inner + 2 * groups * state
    return {
        "inner": inner,
        "state": state,
        "groups": groups,
        "group_inner": inner // groups if groups else 0,
        "dt": dt,
        "conv": keys.number("ssm.conv_kernel", keys.number("shortconv.l_cache", 0)),
        "channels": channels,
        "in_proj": inner + channels + dt,
    }


def _whole(name: str, value: object) -> int:
    if isinstance(value, int):  # a bool is one, too: sliding_window_pattern
        return int(value)
    raise ValueError(f"its key {name} is {'missing' if value is None else 'not a whole number'}")
