"""What a quantization is called: by the file's own word, else by its commonest tensor type.

The numbers are llama.cpp's `llama_ftype` (include/llama.h).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from advisor.gguf.ggml_types import GGML_TYPES
from advisor.gguf.header import Tensor, Value

FILE_TYPE_NAMES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}


def quantization_name(file_type: Value | None, tensors: Iterable[Tensor]) -> str:
    """The name of general.file_type, else that of the tensor type with the most bytes, else "unknown"."""
    if isinstance(file_type, int) and not isinstance(file_type, bool) and file_type in FILE_TYPE_NAMES:
        return FILE_TYPE_NAMES[file_type]
    bytes_of_type: Counter[int] = Counter()
    for tensor in tensors:
        bytes_of_type[tensor.ggml_type] += tensor.n_bytes
    commonest = bytes_of_type.most_common(1)
    if not commonest or commonest[0][0] not in GGML_TYPES:
        return "unknown"
    return GGML_TYPES[commonest[0][0]].name
