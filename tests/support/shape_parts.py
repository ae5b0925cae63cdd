"""What the shapes of real models are put together from: tensors by block, and the file around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.support.gguf_bytes import GgufBytes, TensorSpec

F32, F16, Q8_0, Q4_K, Q6_K, MXFP4 = 0, 1, 8, 12, 14, 39
Q4_K_M_FILE, MXFP4_FILE = 15, 38

Tensors = Iterator[TensorSpec]


def matrix(name: str, *dims: int, ggml_type: int | None = None) -> TensorSpec:
    """A weight in the type that a Q4_K_M file would have: K-quants need rows of whole 256 elements."""
    if ggml_type is None:
        ggml_type = Q4_K if dims[0] % 256 == 0 else Q8_0 if dims[0] % 32 == 0 else F16
    return TensorSpec(f"{name}.weight", dims, ggml_type)


def vector(name: str, n: int, suffix: str = ".weight") -> TensorSpec:
    return TensorSpec(name + suffix, (n,), F32)


def model_file(
    architecture: str,
    name: str,
    keys: Mapping[str, Any],
    tensors: Callable[[dict[str, Any]], Tensors],
    file_type: int = Q4_K_M_FILE,
) -> GgufBytes:
    metadata = {
        "general.architecture": architecture,
        "general.name": name,
        "general.file_type": file_type,
        "tokenizer.ggml.model": "no_vocab",
        f"{architecture}.attention.layer_norm_rms_epsilon": 1e-6,
    }
    metadata |= {f"{architecture}.{key}": value for key, value in keys.items()}
    return GgufBytes(metadata, list(tensors(dict(keys))))


def ends(keys: Mapping[str, Any], *, tied: bool = False) -> Tensors:
    n_embd, n_vocab = keys["embedding_length"], keys["vocab_size"]
    yield matrix("token_embd", n_embd, n_vocab, ggml_type=Q6_K if tied and n_embd % 256 == 0 else None)
    yield vector("output_norm", n_embd)
    if not tied:
        yield matrix("output", n_embd, n_vocab, ggml_type=Q6_K if n_embd % 256 == 0 else None)


def head_size(keys: Mapping[str, Any]) -> int:
    default = keys["embedding_length"] // keys["attention.head_count"]
    size: int = keys.get("attention.key_length", default)
    return size


def attention(blk: str, keys: Mapping[str, Any], *, qk_norm: bool = False, gated: bool = False) -> Tensors:
    """Plain query, key, value and output; `gated` doubles the query (Qwen3-Next's output gate)."""
    n_embd, head = keys["embedding_length"], head_size(keys)
    q, kv = head * keys["attention.head_count"], head * keys["attention.head_count_kv"]
    yield matrix(f"{blk}.attn_q", n_embd, 2 * q if gated else q)
    yield matrix(f"{blk}.attn_k", n_embd, kv)
    yield matrix(f"{blk}.attn_v", n_embd, kv)
    yield matrix(f"{blk}.attn_output", q, n_embd)
    if qk_norm:
        yield vector(f"{blk}.attn_q_norm", head)
        yield vector(f"{blk}.attn_k_norm", head)


def ffn(blk: str, n_embd: int, n_ff: int, suffix: str = "") -> Tensors:
    yield matrix(f"{blk}.ffn_gate{suffix}", n_embd, n_ff)
    yield matrix(f"{blk}.ffn_up{suffix}", n_embd, n_ff)
    yield matrix(f"{blk}.ffn_down{suffix}", n_ff, n_embd)


def experts(blk: str, keys: Mapping[str, Any], n_ff: int, ggml_type: int | None = None) -> Tensors:
    n_embd, n = keys["embedding_length"], keys["expert_count"]
    yield matrix(f"{blk}.ffn_gate_inp", n_embd, n, ggml_type=F32)
    yield matrix(f"{blk}.ffn_gate_exps", n_embd, n_ff, n, ggml_type=ggml_type)
    yield matrix(f"{blk}.ffn_up_exps", n_embd, n_ff, n, ggml_type=ggml_type)
    yield matrix(f"{blk}.ffn_down_exps", n_ff, n_embd, n, ggml_type=ggml_type)


def norms(blk: str, keys: Mapping[str, Any], *names: str) -> Tensors:
    for name in names:
        yield vector(f"{blk}.{name}", keys["embedding_length"])


def blocks(keys: Mapping[str, Any]) -> Iterator[str]:
    return (f"blk.{il}" for il in range(keys["block_count"]))
