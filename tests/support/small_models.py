"""Small models of the llama architecture: sound headers, weights of zeros, a few KB on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from advisor.gguf.reader import read_header
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from tests.support.gguf_bytes import GgufBytes, TensorSpec

F32, Q8_0 = 0, 8
HEAD_SIZE = 128
N_VOCAB = 8192


def small_llama(
    path: Path,
    *,
    n_layer: int = 2,
    n_head: int = 16,
    n_head_kv: int = 16,
    n_ff: int = 2048,
    n_expert: int = 0,
    n_ctx_train: int = 131072,
    n_vocab: int = N_VOCAB,
) -> ModelFacts:
    """A model of these dimensions, written to `path`; of `n_expert` experts two are used at a time."""
    n_embd = n_head * HEAD_SIZE
    keys = {
        "block_count": n_layer,
        "context_length": n_ctx_train,
        "embedding_length": n_embd,
        "feed_forward_length": n_ff,
        "attention.head_count": n_head,
        "attention.head_count_kv": n_head_kv,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "vocab_size": n_vocab,
    }
    if n_expert:
        keys |= {"expert_count": n_expert, "expert_used_count": 2}
    metadata = {"general.architecture": "llama", "tokenizer.ggml.model": "no_vocab"}
    metadata |= {f"llama.{key}": value for key, value in keys.items()}
    tensors = [
        TensorSpec("token_embd.weight", (n_embd, n_vocab), Q8_0),
        TensorSpec("output_norm.weight", (n_embd,), F32),
        TensorSpec("output.weight", (n_embd, n_vocab), Q8_0),
    ]
    for layer in range(n_layer):
        tensors += _block(f"blk.{layer}", n_embd, n_head_kv * HEAD_SIZE, n_ff, n_expert)
    return read_facts(read_header(GgufBytes(metadata, tensors).write_sparse(path)))


def _block(blk: str, n_embd: int, n_embd_kv: int, n_ff: int, n_expert: int) -> Iterator[TensorSpec]:
    for norm in ("attn_norm", "ffn_norm"):
        yield TensorSpec(f"{blk}.{norm}.weight", (n_embd,), F32)
    for name, width in (("q", n_embd), ("k", n_embd_kv), ("v", n_embd_kv), ("output", n_embd)):
        yield TensorSpec(f"{blk}.attn_{name}.weight", (n_embd, width), Q8_0)
    experts, suffix = ((n_expert,), "_exps") if n_expert else ((), "")
    if n_expert:
        yield TensorSpec(f"{blk}.ffn_gate_inp.weight", (n_embd, n_expert), F32)
    yield TensorSpec(f"{blk}.ffn_gate{suffix}.weight", (n_embd, n_ff, *experts), Q8_0)
    yield TensorSpec(f"{blk}.ffn_up{suffix}.weight", (n_embd, n_ff, *experts), Q8_0)
    yield TensorSpec(f"{blk}.ffn_down{suffix}.weight", (n_ff, n_embd, *experts), Q8_0)
