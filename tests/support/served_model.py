"""A model that a real server serves in a moment: two layers of zeros in f32, with bytes as tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from advisor.model import ModelFacts, read_model
from tests.support.gguf_bytes import Array, GgufBytes, GGUFValueType, TensorSpec

_N_EMBD, _N_HEAD, _N_FF, _N_LAYER = 64, 2, 128, 2
_SPECIAL = ("<unk>", "<s>", "</s>")
_TOKENS = (*_SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)))
# llama.h: enum llama_token_type
_UNKNOWN, _CONTROL, _BYTE = 2, 3, 6


def served_model(path: Path, n_ctx_train: int = 16384) -> ModelFacts:
    """The model, written to `path`. In f32 nothing is repacked for one kind of processor."""
    keys = {
        "context_length": n_ctx_train,
        "embedding_length": _N_EMBD,
        "block_count": _N_LAYER,
        "feed_forward_length": _N_FF,
        "attention.head_count": _N_HEAD,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "vocab_size": len(_TOKENS),
    }
    types = [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256]
    metadata = {
        "general.architecture": "llama",
        **{f"llama.{key}": value for key, value in keys.items()},
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": list(_TOKENS),
        "tokenizer.ggml.scores": [0.0] * len(_TOKENS),
        "tokenizer.ggml.token_type": Array(GGUFValueType.INT32, types),
        **{
            f"tokenizer.ggml.{name}_token_id": number for number, name in enumerate(("unknown", "bos", "eos"))
        },
    }
    return read_model(GgufBytes(metadata, list(_tensors())).write(path))


def _tensors() -> Iterator[TensorSpec]:
    yield TensorSpec("token_embd.weight", (_N_EMBD, len(_TOKENS)))
    yield TensorSpec("output_norm.weight", (_N_EMBD,))
    yield TensorSpec("output.weight", (_N_EMBD, len(_TOKENS)))
    for layer in range(_N_LAYER):
        for norm in ("attn_norm", "ffn_norm"):
            yield TensorSpec(f"blk.{layer}.{norm}.weight", (_N_EMBD,))
        for name in ("q", "k", "v", "output"):
            yield TensorSpec(f"blk.{layer}.attn_{name}.weight", (_N_EMBD, _N_EMBD))
        for name in ("gate", "up"):
            yield TensorSpec(f"blk.{layer}.ffn_{name}.weight", (_N_EMBD, _N_FF))
        yield TensorSpec(f"blk.{layer}.ffn_down.weight", (_N_FF, _N_EMBD))
