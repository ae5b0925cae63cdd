"""The GGUF container: a fast, safe reader of headers. What a key means is `advisor.model`'s business."""

from advisor.gguf.header import GgufHeader, Scalar, SkippedArray, Tensor, Value
from advisor.gguf.reader import read_header

__all__ = ["GgufHeader", "Scalar", "SkippedArray", "Tensor", "Value", "read_header"]
