"""Real models' shapes as files without weights: complete headers, sparse bodies, a few KB on the disk.

The dimensions are facts of the models' public config.json (named at each function); the tensor names are
those that llama.cpp's loaders ask for (src/models/*.cpp), so the engine can dry-run every file. None has a
vocabulary: `tokenizer.ggml.model` is "no_vocab" and the key `vocab_size` counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.gguf_bytes import GgufBytes, TensorSpec
from tests.support.shape_parts import (
    F16,
    F32,
    MXFP4,
    MXFP4_FILE,
    Q8_0,
    Tensors,
    attention,
    blocks,
    ends,
    experts,
    ffn,
    head_size,
    matrix,
    model_file,
    norms,
    vector,
)


def write_shape(name: str, directory: Path) -> Path:
    """The shape `name` of SHAPES as a sparse file of full size in `directory`."""
    return SHAPES[name]().write_sparse(directory / f"{name}.gguf")


def _llama(name: str, keys: Mapping[str, Any], *, tied: bool = False, long_context: bool = True) -> GgufBytes:
    """The llama architecture, with experts where `keys` count some (src/models/llama.cpp)."""

    def tensors(keys: dict[str, Any]) -> Tensors:
        yield from ends(keys, tied=tied)
        if long_context:
            yield vector("rope_freqs", head_size(keys) // 2)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm", "ffn_norm")
            yield from attention(blk, keys)
            if "expert_count" in keys:
                yield from experts(blk, keys, keys["feed_forward_length"])
            else:
                yield from ffn(blk, keys["embedding_length"], keys["feed_forward_length"])

    return model_file("llama", name, keys, tensors)


def _keys(
    n_layer: int, n_embd: int, n_ff: int, heads: tuple[int, int], n_ctx: int, n_vocab: int
) -> dict[str, Any]:
    """The keys that almost every architecture has. `heads`: attention heads, key-value heads."""
    return {
        "block_count": n_layer,
        "embedding_length": n_embd,
        "feed_forward_length": n_ff,
        "attention.head_count": heads[0],
        "attention.head_count_kv": heads[1],
        "context_length": n_ctx,
        "vocab_size": n_vocab,
    }


def _head_sizes(size: int) -> dict[str, int]:
    return {"attention.key_length": size, "attention.value_length": size, "rope.dimension_count": size}


def llama_3_1_8b() -> GgufBytes:
    """config.json of meta-llama/Llama-3.1-8B"""
    return _llama("Llama 3.1 8B", _keys(32, 4096, 14336, (32, 8), 131072, 128256))


def llama_3_2_1b() -> GgufBytes:
    """config.json of meta-llama/Llama-3.2-1B"""
    keys = _keys(16, 2048, 8192, (32, 8), 131072, 128256) | _head_sizes(64)
    return _llama("Llama 3.2 1B", keys, tied=True)


def llama_3_1_70b() -> GgufBytes:
    """config.json of meta-llama/Llama-3.1-70B"""
    return _llama("Llama 3.1 70B", _keys(80, 8192, 28672, (64, 8), 131072, 128256))


def mixtral_8x7b() -> GgufBytes:
    """config.json of mistralai/Mixtral-8x7B-v0.1"""
    keys = _keys(32, 4096, 14336, (32, 8), 32768, 32000) | {"expert_count": 8, "expert_used_count": 2}
    return _llama("Mixtral 8x7B", keys, long_context=False)


def qwen3_8b() -> GgufBytes:
    """config.json of Qwen/Qwen3-8B"""

    def tensors(keys: dict[str, Any]) -> Tensors:
        yield from ends(keys)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm", "ffn_norm")
            yield from attention(blk, keys, qk_norm=True)
            yield from ffn(blk, keys["embedding_length"], keys["feed_forward_length"])

    keys = _keys(36, 4096, 12288, (32, 8), 40960, 151936) | _head_sizes(128)
    return model_file("qwen3", "Qwen3 8B", keys, tensors)


def qwen3_30b_a3b() -> GgufBytes:
    """config.json of Qwen/Qwen3-30B-A3B"""

    def tensors(keys: dict[str, Any]) -> Tensors:
        yield from ends(keys)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm", "ffn_norm")
            yield from attention(blk, keys, qk_norm=True)
            yield from experts(blk, keys, keys["expert_feed_forward_length"])

    keys = _keys(48, 2048, 6144, (32, 4), 40960, 151936) | _head_sizes(128)
    keys |= {"expert_count": 128, "expert_used_count": 8, "expert_feed_forward_length": 768}
    return model_file("qwen3moe", "Qwen3 30B A3B", keys, tensors)


def _gemma(blk: str, keys: Mapping[str, Any], *, qk_norm: bool) -> Tensors:
    yield from norms(blk, keys, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
    yield from attention(blk, keys, qk_norm=qk_norm)
    yield from ffn(blk, keys["embedding_length"], keys["feed_forward_length"])


def gemma_2_9b() -> GgufBytes:
    """config.json of google/gemma-2-9b"""

    def tensors(keys: dict[str, Any]) -> Tensors:
        yield from ends(keys, tied=True)
        for blk in blocks(keys):
            yield from _gemma(blk, keys, qk_norm=False)

    keys = _keys(42, 3584, 14336, (16, 8), 8192, 256000) | _head_sizes(256)
    return model_file("gemma2", "Gemma 2 9B", keys | {"attention.sliding_window": 4096}, tensors)


def gemma_3_12b() -> GgufBytes:
    """config.json of google/gemma-3-12b-pt (text_config)"""

    def tensors(keys: dict[str, Any]) -> Tensors:
        yield from ends(keys, tied=True)
        for blk in blocks(keys):
            yield from _gemma(blk, keys, qk_norm=True)

    keys = _keys(48, 3840, 15360, (16, 8), 131072, 262208) | _head_sizes(256)
    return model_file("gemma3", "Gemma 3 12B", keys | {"attention.sliding_window": 1024}, tensors)


def gemma_4_like() -> GgufBytes:
    """A small model of Gemma 4's kind, its own dimensions: per-layer embeddings, two head sizes (512 and,
    in windowed layers, 256), every fifth layer full, and 20 of 35 layers on the caches of earlier ones."""
    n_layer, n_shared = 35, 20
    windowed = [il % 5 != 4 for il in range(n_layer)]

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd, per_layer = keys["embedding_length"], keys["embedding_length_per_layer_input"]
        yield from ends(keys, tied=True)
        yield matrix("per_layer_token_embd", per_layer * n_layer, keys["vocab_size"], ggml_type=Q8_0)
        yield matrix("per_layer_model_proj", n_embd, per_layer * n_layer, ggml_type=F16)
        yield vector("per_layer_proj_norm", per_layer)
        yield vector("rope_freqs", 256)
        for il, blk in enumerate(blocks(keys)):
            head = 256 if windowed[il] else 512
            layer = keys | {
                "attention.key_length": head,
                "feed_forward_length": keys["feed_forward_length"][il],
            }
            yield from _gemma(blk, layer, qk_norm=True)
            yield from norms(blk, keys, "post_norm")
            yield vector(f"{blk}.layer_output_scale", 1)
            yield matrix(f"{blk}.inp_gate", n_embd, per_layer)
            yield matrix(f"{blk}.proj", per_layer, n_embd)

    keys = _keys(n_layer, 1536, 0, (8, 1), 131072, 262144) | _head_sizes(512)
    keys |= {
        "feed_forward_length": [6144] * (n_layer - n_shared) + [12288] * n_shared,
        "attention.key_length_swa": 256,
        "attention.value_length_swa": 256,
        "rope.dimension_count_swa": 256,
        "attention.sliding_window": 512,
        "attention.sliding_window_pattern": windowed,
        "attention.shared_kv_layers": n_shared,
        "embedding_length_per_layer_input": 256,
    }
    return model_file("gemma4", "Gemma 4 like", keys, tensors)


def gpt_oss_20b() -> GgufBytes:
    """config.json of openai/gpt-oss-20b"""

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd, n_expert = keys["embedding_length"], keys["expert_count"]
        q, kv = 64 * keys["attention.head_count"], 64 * keys["attention.head_count_kv"]
        yield from ends(keys)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm", "post_attention_norm")
            yield from attention(blk, keys)
            yield vector(f"{blk}.attn_sinks", keys["attention.head_count"])
            for name, n in (("attn_q", q), ("attn_k", kv), ("attn_v", kv), ("attn_output", n_embd)):
                yield vector(f"{blk}.{name}", n, ".bias")
            yield from experts(blk, keys, keys["expert_feed_forward_length"], MXFP4)
            yield vector(f"{blk}.ffn_gate_inp", n_expert, ".bias")
            for name in ("gate", "up", "down"):
                yield TensorSpec(f"{blk}.ffn_{name}_exps.bias", (n_embd, n_expert), F32)

    keys = _keys(24, 2880, 2880, (64, 8), 131072, 201088) | _head_sizes(64)
    keys |= {
        "attention.sliding_window": 128,
        "expert_count": 32,
        "expert_used_count": 4,
        "expert_feed_forward_length": 2880,
    }
    return model_file("gpt-oss", "gpt-oss 20B", keys, tensors, MXFP4_FILE)


def phi_3_mini() -> GgufBytes:
    """config.json of microsoft/Phi-3-mini-4k-instruct; its window is in the header, and unused."""

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd, n_ff = keys["embedding_length"], keys["feed_forward_length"]
        yield from ends(keys)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm", "ffn_norm")
            yield matrix(f"{blk}.attn_qkv", n_embd, 3 * n_embd)
            yield matrix(f"{blk}.attn_output", n_embd, n_embd)
            yield matrix(f"{blk}.ffn_up", n_embd, 2 * n_ff)
            yield matrix(f"{blk}.ffn_down", n_ff, n_embd)

    keys = _keys(32, 3072, 8192, (32, 32), 4096, 32064)
    keys |= {"rope.dimension_count": 96, "attention.sliding_window": 2047}
    return model_file("phi3", "Phi 3 mini 4k", keys, tensors)


def _deepseek_v2_lite(name: str, heads: Mapping[str, int], *, latent: bool) -> GgufBytes:
    """config.json of deepseek-ai/DeepSeek-V2-Lite"""
    n_heads, rank, nope, rope, value = 16, 512, 128, 64, 128

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd, n_ff_exp = keys["embedding_length"], keys["expert_feed_forward_length"]
        yield from ends(keys)
        for il, blk in enumerate(blocks(keys)):
            yield from norms(blk, keys, "attn_norm", "ffn_norm")
            yield vector(f"{blk}.attn_kv_a_norm", rank)
            yield matrix(f"{blk}.attn_q", n_embd, n_heads * (nope + rope))
            yield matrix(f"{blk}.attn_kv_a_mqa", n_embd, rank + rope)
            if latent:
                yield matrix(f"{blk}.attn_k_b", nope, rank, n_heads)
                yield matrix(f"{blk}.attn_v_b", rank, value, n_heads)
            else:
                yield matrix(f"{blk}.attn_kv_b", rank, n_heads * (nope + value))
            yield matrix(f"{blk}.attn_output", n_heads * value, n_embd)
            if il < keys["leading_dense_block_count"]:
                yield from ffn(blk, n_embd, keys["feed_forward_length"])
            else:
                yield from experts(blk, keys, n_ff_exp)
                yield from ffn(blk, n_embd, n_ff_exp * keys["expert_shared_count"], "_shexp")

    keys = _keys(27, 2048, 10944, (n_heads, 1 if latent else n_heads), 163840, 102400) | {
        "rope.dimension_count": rope,
        "attention.kv_lora_rank": rank,
        "leading_dense_block_count": 1,
        "expert_count": 64,
        "expert_used_count": 6,
        "expert_shared_count": 2,
        "expert_feed_forward_length": 1408,
    }
    return model_file("deepseek2", name, keys | heads, tensors)


def deepseek_v2_lite() -> GgufBytes:
    """As converted since the latent cache: both `_mla` lengths, one key-value head."""
    heads = {
        "attention.key_length": 576,
        "attention.value_length": 512,
        "attention.key_length_mla": 192,
        "attention.value_length_mla": 128,
    }
    return _deepseek_v2_lite("DeepSeek V2 Lite", heads, latent=True)


def deepseek_v2_lite_old() -> GgufBytes:
    """As converted before: no `_mla` lengths, every head's key and value is cached."""
    heads = {"attention.key_length": 192, "attention.value_length": 128}
    return _deepseek_v2_lite("DeepSeek V2 Lite", heads, latent=False)


def mamba2_2_7b() -> GgufBytes:
    """config.json of state-spaces/mamba2-2.7b, and the defaults of its layers"""
    inner, state, heads = 5120, 128, 80

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd = keys["embedding_length"]
        yield from ends(keys, tied=True)
        for blk in blocks(keys):
            yield from norms(blk, keys, "attn_norm")
            yield matrix(f"{blk}.ssm_in", n_embd, 2 * inner + 2 * state + heads)
            yield matrix(f"{blk}.ssm_conv1d", 4, inner + 2 * state, ggml_type=F32)
            yield vector(f"{blk}.ssm_conv1d", inner + 2 * state, ".bias")
            yield vector(f"{blk}.ssm_dt", heads, ".bias")
            yield TensorSpec(f"{blk}.ssm_a", (1, heads), F32)
            yield TensorSpec(f"{blk}.ssm_d", (1, heads), F32)
            yield matrix(f"{blk}.ssm_norm", inner, 1, ggml_type=F32)
            yield matrix(f"{blk}.ssm_out", inner, n_embd)

    keys = _keys(64, 2560, 0, (0, 0), 1048576, 50288) | {
        "ssm.conv_kernel": 4,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": heads,
        "ssm.group_count": 1,
    }
    return model_file("mamba2", "Mamba2 2.7B", keys, tensors)


def qwen3_5_like() -> GgufBytes:
    """A hybrid of Qwen3.5's kind: 30 of 40 layers with linear attention (the layer dimensions of Qwen3-Next's
    public config.json), 256 experts, and one block behind them that predicts several tokens ahead."""
    n_trunk, state, groups, rank = 40, 128, 16, 32

    def tensors(keys: dict[str, Any]) -> Tensors:
        n_embd = keys["embedding_length"]
        conv = state * (2 * groups + rank)
        yield from ends(keys)
        for il, blk in enumerate(blocks(keys)):
            yield from norms(blk, keys, "attn_norm", "post_attention_norm", "ffn_gate_inp_shexp")
            yield from experts(blk, keys, keys["expert_feed_forward_length"])
            yield from ffn(blk, n_embd, keys["expert_shared_feed_forward_length"], "_shexp")
            if il >= n_trunk:
                yield matrix(f"{blk}.nextn.eh_proj", 2 * n_embd, n_embd)
                yield from norms(blk, keys, "nextn.enorm", "nextn.hnorm", "nextn.shared_head_norm")
            if il >= n_trunk or il % 4 == 3:
                yield from attention(blk, keys, qk_norm=True, gated=True)
                continue
            yield matrix(f"{blk}.attn_qkv", n_embd, conv)
            yield matrix(f"{blk}.attn_gate", n_embd, state * rank)
            yield matrix(f"{blk}.ssm_conv1d", 4, conv, ggml_type=F32)
            yield vector(f"{blk}.ssm_dt", rank, ".bias")
            yield TensorSpec(f"{blk}.ssm_a", (rank,), F32)
            yield matrix(f"{blk}.ssm_beta", n_embd, rank)
            yield matrix(f"{blk}.ssm_alpha", n_embd, rank)
            yield vector(f"{blk}.ssm_norm", state)
            yield matrix(f"{blk}.ssm_out", state * rank, n_embd)

    keys = _keys(n_trunk + 1, 2048, 0, (16, 2), 262144, 248320) | _head_sizes(256)
    keys |= {
        "rope.dimension_count": 64,
        "rope.dimension_sections": [11, 11, 10, 0],
        "nextn_predict_layers": 1,
        "full_attention_interval": 4,
        "ssm.conv_kernel": 4,
        "ssm.inner_size": state * rank,
        "ssm.state_size": state,
        "ssm.time_step_rank": rank,
        "ssm.group_count": groups,
        "expert_count": 256,
        "expert_used_count": 8,
        "expert_feed_forward_length": 512,
        "expert_shared_feed_forward_length": 512,
    }
    return model_file("qwen35moe", "Qwen3.5 like", keys, tensors)


SHAPES: dict[str, Callable[[], GgufBytes]] = {
    "llama-3.1-8b": llama_3_1_8b,
    "llama-3.2-1b": llama_3_2_1b,
    "llama-3.1-70b": llama_3_1_70b,
    "mixtral-8x7b": mixtral_8x7b,
    "qwen3-8b": qwen3_8b,
    "qwen3-30b-a3b": qwen3_30b_a3b,
    "gemma-2-9b": gemma_2_9b,
    "gemma-3-12b": gemma_3_12b,
    "gemma-4-like": gemma_4_like,
    "gpt-oss-20b": gpt_oss_20b,
    "phi-3-mini": phi_3_mini,
    "deepseek-v2-lite": deepseek_v2_lite,
    "deepseek-v2-lite-old": deepseek_v2_lite_old,
    "mamba2-2.7b": mamba2_2_7b,
    "qwen3.5-like": qwen3_5_like,
}
