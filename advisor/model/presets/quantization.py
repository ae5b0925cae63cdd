"""Which type each tensor gets in a quantized file.

Mirrors llama.cpp's src/llama-quant.cpp (tensor_allows_quantization, llama_tensor_get_type_impl,
tensor_type_fallback) for the quantizations below, and conversion/base.py (prepare_tensors) for what stays
in 32 or 16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from advisor.gguf.ggml_types import GGML_TYPES
from advisor.model.presets.tensors import PlainTensor

TYPE_IDS = {ggml_type.name: type_id for type_id, ggml_type in GGML_TYPES.items()}


class Quantization(NamedTuple):
    """`file_type` is llama_ftype's number (include/llama.h), `default` the type of most tensors."""

    file_type: int
    default: str


QUANTIZATIONS = {
    "F16": Quantization(1, "F16"),
    "BF16": Quantization(32, "BF16"),
    "Q8_0": Quantization(7, "Q8_0"),
    "Q6_K": Quantization(18, "Q6_K"),
    "Q5_K_M": Quantization(17, "Q5_K"),
    "Q4_K_M": Quantization(15, "Q4_K"),
    "Q4_K_S": Quantization(14, "Q4_K"),
    "Q4_0": Quantization(2, "Q4_0"),
    "IQ4_XS": Quantization(30, "IQ4_XS"),
    "Q3_K_M": Quantization(12, "Q3_K"),
    "MXFP4_MOE": Quantization(38, "MXFP4"),
}

_NEVER_QUANTIZED = ("_norm.weight", "ffn_gate_inp.weight", "altup", "laurel", "per_layer_model_proj")
_ALWAYS_F32 = (
    "_norm.weight",
    "ffn_gate_inp.weight",
    "ssm_conv1d.weight",
    "shortconv.conv.weight",
    "altup_correct_coef.weight",
    "altup_predict_coef.weight",
)
_EMBEDDINGS = ("token_embd.weight", "per_layer_token_embd.weight")
# The files of Gemma 3n are older than the rule for its second embedding.
_OLD_EMBEDDINGS = {"gemma3n": ("token_embd.weight",)}
_VALUES = ("attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight")

# For rows that no block of 256 divides.
_SMALLER_BLOCKS = {"IQ4_XS": "IQ4_NL", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}


@dataclass(frozen=True, slots=True)
class QuantizedModel:
    """What the recipe asks about a model."""

    architecture: str
    n_layer: int
    n_expert: int
    gqa: int  # attention heads for each key-value head, in the first block

    @property
    def is_70b(self) -> bool:
        """The loader's LLM_TYPE_70B (src/models/llama.cpp, qwen2.cpp)."""
        return self.architecture in ("llama", "qwen2") and self.n_layer == 80 and self.gqa > 1


def tensor_types(tensors: Sequence[PlainTensor], quantization: str, model: QuantizedModel) -> tuple[str, ...]:
    """The type of each of the tensors, which come in llama-quantize's order.

    IQ4_XS is mixed as with an importance matrix, since it is published so, and Q4_0 as without one.
    """
    recipe = _Recipe(quantization, model, tensors)
    return tuple(recipe.type_of(tensor) for tensor in tensors)


class _Recipe:
    def __init__(self, quantization: str, model: QuantizedModel, tensors: Sequence[PlainTensor]) -> None:
        self._quantization = quantization
        self._default = QUANTIZATIONS[quantization].default
        self._model = model
        names = [tensor.name for tensor in tensors]
        self._is_tied = "output.weight" not in names
        self._embeddings = _OLD_EMBEDDINGS.get(model.architecture, _EMBEDDINGS)
        values = [name for name in names if name.endswith(_VALUES)]
        downs = [name for name in names if "ffn_down" in name and _is_quantized_name(name)]
        self._n_values = len(values)
        self._value_index = {name: index for index, name in enumerate(values)}
        self._down_index = {name: index for index, name in enumerate(downs)}

    def type_of(self, tensor: PlainTensor) -> str:
        if len(tensor.dims) < 2 or not tensor.name.endswith(".weight") or tensor.name.endswith(_ALWAYS_F32):
            return "F32"
        if self._default in ("F16", "BF16"):
            return self._default
        if not _is_quantized_name(tensor.name):
            return "BF16"
        return _fitting(self._mixed(tensor), tensor.dims[0])

    def _mixed(self, tensor: PlainTensor) -> str:
        if tensor.name == "output.weight" or (self._is_tied and tensor.name in self._embeddings):
            return self._output(tensor.dims[0])
        if self._quantization == "MXFP4_MOE":
            return "MXFP4" if len(tensor.dims) > 2 else "Q8_0"
        return self._mixed_in_block(tensor.name)

    def _mixed_in_block(self, name: str) -> str:
        if name in self._value_index:
            return self._value(self._value_index[name])
        if name in self._down_index:
            return self._down(name)
        if name.endswith("attn_output.weight"):
            return self._attention_output()
        if name.endswith("attn_k.weight") and self._model.n_expert == 8:
            return "Q8_0"
        return self._default

    def _output(self, n_columns: int) -> str:
        blocks = GGML_TYPES[TYPE_IDS[self._default]].block_elements
        if self._quantization in ("MXFP4_MOE", "Q8_0") or n_columns % blocks:
            return "Q8_0"
        return "Q6_K"

    def _value(self, index: int) -> str:
        if self._model.n_expert == 8:
            return "Q8_0"
        mixed = self._default
        if self._quantization == "Q3_K_M":
            mixed = "Q5_K" if index < 2 else "Q4_K"
        elif self._quantization == "IQ4_XS" and self._model.gqa >= 4:
            mixed = "Q5_K"
        elif self._quantization in ("Q4_K_M", "Q5_K_M") and _more_bits(index, self._n_values):
            mixed = "Q6_K"
        elif self._quantization == "Q4_K_S" and index < 4:
            mixed = "Q5_K"
        return "Q5_K" if self._model.is_70b and mixed in ("Q3_K", "Q4_K") else mixed

    def _down(self, name: str) -> str:
        n_layer = self._model.n_layer
        # Among experts the block's number counts, else how many came before.
        index = int(name.split(".")[1]) if self._model.n_expert > 1 else self._down_index[name]
        if self._quantization == "Q3_K_M":
            return "Q5_K" if index < n_layer // 16 else "Q4_K"
        if self._quantization in ("Q4_K_M", "Q5_K_M") and _more_bits(index, n_layer):
            return "Q6_K"
        if self._quantization == "Q4_K_S" and index < n_layer // 8:
            return "Q5_K"
        return self._default

    def _attention_output(self) -> str:
        if self._model.n_expert == 8:
            return "Q5_K" if self._quantization in ("Q3_K_M", "Q4_K_S", "Q4_K_M", "IQ4_XS") else self._default
        return "Q4_K" if self._quantization == "Q3_K_M" else self._default


def _is_quantized_name(name: str) -> bool:
    return name.endswith(".weight") and not any(part in name for part in _NEVER_QUANTIZED)


def _more_bits(index: int, count: int) -> bool:
    """The first and last eighth, and every third between them."""
    return index < count // 8 or index >= 7 * count // 8 or (index - count // 8) % 3 == 2


def _fitting(type_name: str, n_columns: int) -> str:
    if n_columns % GGML_TYPES[TYPE_IDS[type_name]].block_elements == 0:
        return type_name
    smaller = _SMALLER_BLOCKS.get(type_name, type_name)
    return "F16" if n_columns % GGML_TYPES[TYPE_IDS[smaller]].block_elements else smaller
