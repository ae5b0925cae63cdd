"""`facts`: from the plain values of a header to `ModelFacts`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.gguf.header import GgufHeader
from advisor.model import architectures, refusals
from advisor.model.attention import read_attention, value_row_max
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence, Weight
from advisor.model.indexer import compressor_state, read_indexer
from advisor.model.keys import MAX_VALUE, Keys
from advisor.model.quantization import quantization_name
from advisor.model.recurrence import read_recurrence, recurrent_layers
from advisor.model.shape import Shape, read_shape
from advisor.model.weights import read_weight
from advisor.model.windows import read_windows
from advisor.printable import printable

_SHARD_ENDING = re.compile(r"-\d{5}-of-\d{5}$")


def facts(header: GgufHeader) -> ModelFacts:
    """What the header means, layer by layer.

    Raises ModelFactsError, and nothing else, for a sound container that describes no language model that
    can be planned. An architecture that llama.cpp does not know gets the generic rules and
    `verified=False`.
    """
    refusals.refuse_other_files(header.path, header.metadata, has_tensors=bool(header.tensors))
    architecture = header.metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise refusals.no_architecture(header.path)
    keys = Keys(header.metadata, architecture, known=architecture in architectures.KNOWN)
    shape = read_shape(keys, {tensor.name for tensor in header.tensors})
    recurrent = recurrent_layers(keys, shape)
    windows = read_windows(keys, shape, recurrent)
    indexer = read_indexer(keys, shape, windows, recurrent)
    attention = read_attention(keys, shape, windows, recurrent, indexer)
    recurrence = read_recurrence(keys, shape, recurrent)
    if architecture == "deepseek4":
        recurrence = tuple(compressor_state(shape, indexer, windows, il) for il in range(shape.n_layer_all))
    weights = tuple(read_weight(tensor, shape) for tensor in header.tensors)
    dims = {weight.name: weight.dims for weight in weights}
    tied = "output.weight" not in dims and architecture not in architectures.NO_SECOND_EMBEDDING
    return ModelFacts(
        path=header.path,
        shards=header.shards,
        name=_name(header, keys),
        architecture=architecture,
        quantization=quantization_name(header.metadata.get("general.file_type"), header.tensors),
        n_layer=shape.n_layer,
        n_layer_all=shape.n_layer_all,
        n_ctx_train=shape.n_ctx_train,
        n_embd=shape.n_embd,
        n_vocab=_n_vocab(keys, dims),
        n_expert=shape.n_expert,
        layers=_layers(shape, attention, recurrence, weights),
        weights=weights,
        file_bytes=header.file_bytes,
        n_params=sum(tensor.n_elements for tensor in header.tensors),
        has_cache=architecture not in architectures.NO_CACHE,
        is_encoder=architecture in architectures.ENCODERS,
        causal=architecture not in architectures.NOT_CAUSAL and keys.truth("attention.causal", default=True),
        n_position_rows=_rows(dims, "position_embd.weight"),
        verified=architecture in architectures.VERIFIED,
        tied_output=tied,
        embedding_allocated_twice=tied and architecture in architectures.OUTPUT_ALLOCATED_FIRST,
        supports_flash_attn=architecture not in architectures.NO_FLASH_ATTENTION,
        cache_per_sequence=architecture == "deepseek4",
        value_row_max=value_row_max(shape, windows),
        has_rope=architecture not in architectures.NO_ROPE,
        rope_scaling=keys.text(keys.full("rope.scaling.type")) or "none",
        n_ctx_original=_original_n_ctx(keys),
    )


def _name(header: GgufHeader, keys: Keys) -> str:
    stem = _SHARD_ENDING.sub("", header.path.stem)
    return printable(keys.text("general.name") or stem)


def _original_n_ctx(keys: Keys) -> int:
    """Descriptive: a value that is no number of tokens is none."""
    value = keys.metadata.get(keys.full("rope.scaling.original_context_length"))
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_VALUE else 0


def _n_vocab(keys: Keys, dims: dict[str, tuple[int, ...]]) -> int:
    """The length of the token list, else the key for models without one, else the rows of the embedding."""
    return (
        keys.length("tokenizer.ggml.tokens")
        or keys.number("vocab_size", 0)
        or _rows(dims, "token_embd.weight")
    )


def _rows(dims: dict[str, tuple[int, ...]], name: str) -> int:
    shape = dims.get(name, ())
    return shape[1] if len(shape) > 1 else 0


def _layers(
    shape: Shape,
    attention: Sequence[Attention | None],
    recurrence: Sequence[Recurrence | None],
    weights: Sequence[Weight],
) -> tuple[Layer, ...]:
    with_experts = {weight.layer for weight in weights if weight.is_expert}
    dense = {
        weight.layer: weight.dims[0]
        for weight in weights
        if weight.dims and weight.name == f"blk.{weight.layer}.ffn_down.weight"
    }
    return tuple(
        Layer(
            index=il,
            attention=attention[il],
            recurrence=recurrence[il],
            n_ff=dense.get(il, 0 if il in with_experts else shape.n_ff[il]),
            n_expert_used=shape.n_expert_used[il] if il in with_experts else 0,
        )
        for il in range(shape.n_layer_all)
    )
