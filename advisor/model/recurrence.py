"""Recurrent layers: which they are, and how large their state is.

A recurrent layer (Mamba, RWKV, linear attention, short convolution) keeps a state of fixed size a
sequence instead of a cache that grows. The sizes are `n_embd_r` and `n_embd_s` of
src/llama-hparams.cpp; which layers is decided in src/models/*.cpp and `create_memory`
(src/llama-model.cpp).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.model import architectures, refusals
from advisor.model.facts import Recurrence
from advisor.model.keys import Keys
from advisor.model.shape import Shape

_RWKV = frozenset({"arwkv7", "rwkv6", "rwkv6qwen2", "rwkv7"})
_SHORT_CONVOLUTION = frozenset({"lfm2", "lfm2moe"})
_DELTA_ATTENTION = frozenset({"bailingmoe3", "glm5-next", "kimi-k3", "kimi-linear"})
_NEMOTRON_H = frozenset({"nemotron_h", "nemotron_h_moe"})
# Their loaders do not read ssm.group_count.
_WITHOUT_GROUPS = frozenset({"jamba", "mamba"})

# A layer without key-value heads is recurrent.
_BY_HEADS = _SHORT_CONVOLUTION | _DELTA_ATTENTION | {"granitehybrid", "jamba", "plamo2"}
# Every so many layers one has attention, unless the header lists the recurrent ones.
_BY_INTERVAL = {"minimax-01": 8, "qwen35": 4, "qwen35moe": 4, "qwen3next": 4, "qwen4exp": 4}

HYBRID = _BY_HEADS | _NEMOTRON_H | frozenset(_BY_INTERVAL) | {"falcon-h1"}


def recurrent_layers(keys: Keys, shape: Shape) -> tuple[bool, ...]:
    """For each of the blocks, whether llama.cpp counts it as recurrent (hparams.is_recr)."""
    architecture = shape.architecture
    blocks = range(shape.n_layer_all)
    if architecture in architectures.RECURRENT or architecture == "falcon-h1":
        return (True,) * shape.n_layer_all
    if architecture in _BY_INTERVAL:
        return _by_interval(keys, shape, _BY_INTERVAL[architecture])
    if architecture in _NEMOTRON_H:
        return tuple(
            il < shape.n_layer and not shape.head_count_kv[il] and not shape.n_ff[il] for il in blocks
        )
    # glm5-next marks its prediction block like the others; everywhere else that block has attention.
    last = shape.n_layer_all if architecture == "glm5-next" else shape.n_layer
    if architecture in _BY_HEADS or (not keys.known and keys.number("ssm.inner_size", 0)):
        return tuple(il < last and not shape.head_count_kv[il] for il in blocks)
    return (False,) * shape.n_layer_all


def _by_interval(keys: Keys, shape: Shape, default: int) -> tuple[bool, ...]:
    if keys.has("attention.recurrent_layers"):
        return tuple(map(bool, keys.per_layer("attention.recurrent_layers", shape.n_layer_all)))
    interval = keys.number("full_attention_interval", default)
    if not interval:
        raise refusals.absurd(keys.full("full_attention_interval"), "is 0")
    return tuple(il < shape.n_layer and (il + 1) % interval != 0 for il in range(shape.n_layer_all))


def attends(shape: Shape, recurrent: Sequence[bool], il: int) -> bool:
    """Whether block `il` of a model that has recurrent layers keeps a key-value cache (create_memory)."""
    if shape.architecture == "falcon-h1":
        return True
    if recurrent[il]:
        return False
    if shape.architecture in _NEMOTRON_H:
        return not shape.n_ff[il]
    if shape.architecture in _BY_INTERVAL or shape.architecture == "glm5-next":
        return il < shape.n_layer
    return True


def read_recurrence(keys: Keys, shape: Shape, recurrent: Sequence[bool]) -> tuple[Recurrence | None, ...]:
    """Each block's state; prediction blocks never have one (llama-memory-recurrent.cpp loops n_layer())."""
    if not any(recurrent):
        return (None,) * shape.n_layer_all
    state = _state(keys, shape)
    states = [state if is_recurrent else None for is_recurrent in recurrent]
    states[shape.n_layer :] = [None] * (shape.n_layer_all - shape.n_layer)
    if shape.architecture == "qwen4exp":
        _add_hash_history(keys, shape, states)
    return tuple(states)


def _state(keys: Keys, shape: Shape) -> Recurrence:
    """f32 elements a sequence and layer (n_embd_r, n_embd_s)."""
    architecture = shape.architecture
    if architecture in _RWKV:
        head_size = keys.positive("wkv.head_size")
        shifts = keys.number("token_shift_count", 2)
        return Recurrence(shifts * shape.n_embd, shape.n_embd * head_size)
    if architecture in _SHORT_CONVOLUTION:
        return Recurrence(shape.n_embd * (keys.positive("shortconv.l_cache") - 1), 0)
    first_heads = shape.head_count[0]
    if architecture in _DELTA_ATTENTION:
        head_dim = keys.positive("kda.head_dim")
        kernel = keys.number("ssm.conv_kernel") or 4
        return Recurrence(3 * (kernel - 1) * first_heads * head_dim, head_dim * head_dim * first_heads)
    if architecture == "minimax-01":
        return Recurrence(0, shape.key_length * shape.key_length * first_heads)
    return _mamba_state(keys, shape)


def _mamba_state(keys: Keys, shape: Shape) -> Recurrence:
    """Mamba, Mamba2 and gated delta nets; the first column of the convolution is shifted out, so not kept."""
    inner = keys.number("ssm.inner_size")
    state = keys.number("ssm.state_size")
    if shape.architecture in _WITHOUT_GROUPS:
        groups = 0
    else:
        groups = keys.number("ssm.group_count", None if keys.known else 0)
    kept = max(keys.number("ssm.conv_kernel") - 1, 0)
    return Recurrence(kept * (inner + 2 * groups * state), state * inner)


def _add_hash_history(keys: Keys, shape: Shape, states: list[Recurrence | None]) -> None:
    """The n-gram hash embeddings' own convolution history (hparams.ple_conv_state), in the listed layer."""
    heads = (keys.number("ple.ngram_size", 0) - 1) * keys.number("ple.heads_per_ngram", 0)
    kernel = keys.number("ple.conv_kernel", 0)
    if heads <= 0 or kernel == 0:
        return
    elements = (
        (kernel - 1) * keys.number("ple.ngram_size") * keys.number("hyper_connection.count") * shape.n_embd
    )
    for il in keys.array("ple.layers") or ():
        state = states[il] if il < shape.n_layer else None
        if state is None:
            raise refusals.absurd(
                keys.full("ple.layers"), f"names layer {il:,}, which is not a recurrent one"
            )
        states[il] = replace(state, conv_elements=state.conv_elements + elements)
