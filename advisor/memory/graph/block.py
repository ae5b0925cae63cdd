"""The model as its graph sees it: each block's facts with its tensors by short name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.model.facts import Layer, ModelFacts, Role, Weight

_WIDENS = re.compile(r"\.ffn_(gate|up|gate_up)(_exps)?\.weight$")
_NAME = re.compile(r"(?:enc\.)?blk\.\d+\.(.+?)(?:\.weight)?$")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """`tensors` maps "attn_q" or "ffn_up.bias" to ggml's dims: row length first, then rows.

    Blocks with the same `kind` have the same tensors and the same attention.
    """

    layer: Layer
    tensors: Mapping[str, tuple[int, ...]]
    kind: int

    def has(self, *names: str) -> bool:
        """True if the block has any of these tensors."""
        return not self.tensors.keys().isdisjoint(names)

    def into(self, name: str) -> int:
        """Elements that a matrix takes of each token (ne0); 0 if there is none."""
        dims = self.tensors.get(name, ())
        return dims[0] if dims else 0

    def out(self, name: str) -> int:
        """Elements that a matrix makes of each token (ne1); 0 if there is none."""
        dims = self.tensors.get(name, ())
        return dims[1] if len(dims) > 1 else 0


@dataclass(frozen=True, slots=True, eq=False)
class ModelGraph:
    """What is walked over once for a model; a question then reads only this.

    `blocks` are those that the main context's graph runs through, in order. `per_layer_width`: Gemma 4 and 3n
    make one more embedding for every layer, all of them before the first. `feed_forward_pairs`: for each
    block, the bytes of its widest matrices that read the same input and the width of their results.
    """

    blocks: tuple[Block, ...]
    per_layer_width: int
    feed_forward_pairs: tuple[tuple[int, int], ...]


def read_graph(facts: ModelFacts) -> ModelGraph:
    blocks = _read_blocks(facts)
    dims = {weight.name: weight.dims for weight in facts.weights}
    per_layer = dims.get("per_layer_model_proj.weight", ())
    pairs = [[0, 0] for _ in facts.layers]
    for weight in facts.weights:
        if weight.layer is not None and weight.role is Role.LAYER and _widens(weight):
            n_used = facts.layers[weight.layer].n_expert_used if weight.is_expert else 1
            pairs[weight.layer][0] += weight.n_bytes
            pairs[weight.layer][1] += weight.dims[1] * n_used
    return ModelGraph(
        blocks, per_layer[1] if len(per_layer) > 1 else 0, tuple((n_bytes, width) for n_bytes, width in pairs)
    )


def _widens(weight: Weight) -> bool:
    return len(weight.dims) > 1 and _WIDENS.search(weight.name) is not None


def _read_blocks(facts: ModelFacts) -> tuple[Block, ...]:
    tensors: list[dict[str, tuple[int, ...]]] = [{} for _ in facts.layers]
    for weight in facts.weights:
        match = _NAME.match(weight.name)
        if match and weight.role is Role.LAYER and weight.layer is not None:
            tensors[weight.layer][match[1]] = weight.dims
    kinds: dict[object, int] = {}
    blocks = []
    for layer in facts.layers[: facts.n_layer or None]:
        names = tensors[layer.index]
        widths = frozenset((name, dims) for name, dims in names.items() if len(dims) > 1)
        key = (layer.attention, layer.recurrence, layer.n_expert_used, widths)
        blocks.append(Block(layer, names, kinds.setdefault(key, len(kinds))))
    return tuple(blocks)
