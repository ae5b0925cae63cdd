"""The model as its graph sees it: each block's facts with its tensors by short name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.model.facts import Layer, ModelFacts, Role, Weight

_NAME = re.compile(r"(?:enc\.)?blk\.\d+\.(.+?)(?:\.weight)?$")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """`tensors` maps "attn_q" or "ffn_up.bias" to ggml's dims: row length first, then rows.

    Blocks with the same `kind` have the same tensors and the same attention. `matrices` maps names to bytes,
    `expert_matrices` those of the experts alone; blocks with the same bytes share one object.
    """

    layer: Layer
    tensors: Mapping[str, tuple[int, ...]]
    kind: int
    matrices: Mapping[str, int] = field(default_factory=dict)
    expert_matrices: Mapping[str, int] = field(default_factory=dict)

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
    make one more embedding for every layer, all of them before the first. `head_bytes` is the output matrix.
    """

    blocks: tuple[Block, ...]
    per_layer_width: int
    head_bytes: int
    has_rope_table: bool


def read_graph(facts: ModelFacts) -> ModelGraph:
    blocks = _read_blocks(facts)
    dims = {weight.name: weight.dims for weight in facts.weights}
    per_layer = dims.get("per_layer_model_proj.weight", ())
    head = "token_embd.weight" if facts.tied_output else "output.weight"
    head_bytes = sum(weight.n_bytes for weight in facts.weights if weight.name == head)
    return ModelGraph(
        blocks=blocks,
        per_layer_width=per_layer[1] if len(per_layer) > 1 else 0,
        head_bytes=head_bytes,
        has_rope_table=any(name.startswith(("rope_freqs", "rope_factors")) for name in dims),
    )


def _read_blocks(facts: ModelFacts) -> tuple[Block, ...]:
    tensors: list[dict[str, Weight]] = [{} for _ in facts.layers]
    for weight in facts.weights:
        match = _NAME.match(weight.name)
        if match and weight.role is Role.LAYER and weight.layer is not None:
            tensors[weight.layer][match[1]] = weight
    kinds: dict[object, int] = {}
    shared: dict[frozenset[tuple[str, int]], Mapping[str, int]] = {}
    blocks = []
    for layer in facts.layers[: facts.n_layer or None]:
        found = tensors[layer.index]
        matrices = {name: weight for name, weight in found.items() if len(weight.dims) > 1}
        widths = frozenset((name, weight.dims) for name, weight in matrices.items())
        key = (layer.attention, layer.recurrence, layer.n_expert_used, widths)
        blocks.append(
            Block(
                layer=layer,
                tensors={name: weight.dims for name, weight in found.items()},
                kind=kinds.setdefault(key, len(kinds)),
                matrices=_bytes(matrices, shared),
                expert_matrices=_bytes({n: w for n, w in matrices.items() if w.is_expert}, shared),
            )
        )
    return tuple(blocks)


def _bytes(
    matrices: Mapping[str, Weight], shared: dict[frozenset[tuple[str, int]], Mapping[str, int]]
) -> Mapping[str, int]:
    found = {name: weight.n_bytes for name, weight in matrices.items()}
    return shared.setdefault(frozenset(found.items()), found)
