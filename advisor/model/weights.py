"""Weights: which tensor is placed where, and which are not loaded.

Mirrors the placement column of LLM_TENSOR_INFOS (src/llama-arch.cpp) and the TENSOR_SKIP flags of
`load_arch_tensors` (src/models/*.cpp) for a load without multi-token prediction, which is the default.
"""

from __future__ import annotations

import re

from advisor.gguf.header import Tensor
from advisor.model import refusals
from advisor.model.facts import Role, Weight
from advisor.model.shape import Shape

_INPUTS = frozenset({"token_embd", "position_embd", "token_types", "per_layer_token_embd"})
_OUTPUTS = frozenset(
    {
        "output",
        "output_norm",
        "enc.output_norm",
        "dec.output_norm",
        "output_res_score",
        "output_hc_fn",
        "output_hc_base",
        "output_hc_scale",
        "output_hc_norm",
        "output_hc_down",
        "output_hc_up",
        "cls",
        "cls.output",
        "cls.norm",
        "dense_2",
        "dense_3",
        "altup_proj",
        "altup_unembd_proj",
        "nextn.post_projection",
        "fc",
        "d2t",
        "markov_w1",
        "markov_w2",
        "conf_proj",
        "selector_predecessor",
        "selector_successor",
        "selector_hidden",
    }
)
# Their output norm is called "token_embd_norm" (LLM_TENSOR_OUTPUT_NORM_LFM2).
_OUTPUT_NORM_MISNAMED = frozenset({"lfm2", "lfm2moe"})
# In the file, but without an operation that would use them (GGML_OP_NONE).
_UNUSED = re.compile(r"masked_embd_(centroids|ordering)$|dec\.blk\.\d+\.cross_attn_rel_b$")

_SUFFIX = re.compile(r"\.(weight|bias|scale|input_scale)$")
_BLOCK = re.compile(r"blk\.(\d{1,9})\.")
# T5's two stacks and the audio decoders' convolutions lie with the block of their number.
_OTHER_BLOCK = re.compile(r"(?:enc\.blk|dec\.blk|posnet|convnext)\.(\d{1,9})\.")
# common/arg.cpp: what --cpu-moe keeps on the CPU
_EXPERTS = re.compile(r"\.ffn_(up|down|gate|gate_up)_(ch|)exps")


def read_weight(tensor: Tensor, shape: Shape) -> Weight:
    """One tensor with its role; raises ModelFactsError for a block that the model does not have."""
    role, layer = _place(tensor.name, shape)
    return Weight(
        name=tensor.name,
        role=role,
        layer=layer,
        dims=tensor.dims,
        ggml_type=tensor.ggml_type,
        n_bytes=tensor.n_bytes,
        is_expert=_EXPERTS.search(tensor.name) is not None,
    )


def _place(name: str, shape: Shape) -> tuple[Role, int | None]:
    if block := _BLOCK.match(name):
        return _place_in_block(int(block[1]), shape)
    base = _SUFFIX.sub("", name)
    if _UNUSED.match(base):
        return Role.SKIPPED, None
    if block := _OTHER_BLOCK.match(name):
        return Role.LAYER, min(int(block[1]), shape.n_layer_all - 1)
    if base in _INPUTS:
        return Role.INPUT, None
    if base in _OUTPUTS or (base == "token_embd_norm" and shape.architecture in _OUTPUT_NORM_MISNAMED):
        return Role.OUTPUT, None
    # The rest (rotation factors, norms after the embedding) is used by, and placed with, the first block.
    return Role.LAYER, 0


def _place_in_block(il: int, shape: Shape) -> tuple[Role, int]:
    if il >= shape.n_layer_all:
        raise refusals.contradiction(
            f"The file holds tensors of layer {il}, but its header counts {shape.n_layer_all} layers."
        )
    # A file of nothing but prediction blocks is a draft, and loads them.
    is_skipped = il >= shape.n_layer > 0
    return (Role.SKIPPED if is_skipped else Role.LAYER), il
