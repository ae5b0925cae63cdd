"""One block of the model as its graph sees it: the layer's facts and its tensors by short name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.model.facts import Layer, ModelFacts, Role

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
        return any(name in self.tensors for name in names)

    def into(self, name: str) -> int:
        """Elements that a matrix takes of each token (ne0); 0 if there is none."""
        dims = self.tensors.get(name, ())
        return dims[0] if dims else 0

    def out(self, name: str) -> int:
        """Elements that a matrix makes of each token (ne1); 0 if there is none."""
        dims = self.tensors.get(name, ())
        return dims[1] if len(dims) > 1 else 0


def read_blocks(facts: ModelFacts) -> tuple[Block, ...]:
    """The blocks that the main context's graph runs through, in order."""
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
