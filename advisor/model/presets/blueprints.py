"""Which tensors each architecture's blocks hold, as lists of "name size size ...".

Names and shapes are those of `load_arch_tensors` in llama.cpp's src/models/*.cpp, sizes in ggml's order.
What the words for sizes mean is `advisor.model.presets.tensors`' business.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What one architecture's blocks are made of.

    A block that keeps no cache has `recurrent` in place of `attention`, a block with routed experts
    `experts` in place of `dense`. With `one_part` a block is only one of the three.
    """

    attention: str = ""
    dense: str = ""
    experts: str = ""
    recurrent: str = ""
    windowed: str = ""  # besides `attention`, in blocks with a window
    every: str = ""  # in each block, whatever else it has
    outside: str = ""  # of the blocks, besides the embedding and the output norm
    output_norm: str = "output_norm.weight"
    one_part: bool = False


_NORM = "attn_norm.weight embd\n"
_NORMS = _NORM + "ffn_norm.weight embd\n"
_NORM_AFTER = _NORM + "post_attention_norm.weight embd\n"
_FOUR_NORMS = _NORMS + "post_attention_norm.weight embd\npost_ffw_norm.weight embd\n"
_QK_NORM = "attn_q_norm.weight head\nattn_k_norm.weight head\n"

_Q = "attn_q.weight embd q\n"
_K = "attn_k.weight embd k\n"
_V = "attn_v.weight embd v\n"
_OUT = "attn_output.weight q embd\n"
_ATTENTION = _Q + _K + _V + _OUT
_FUSED_ATTENTION = "attn_qkv.weight embd qkv\n" + _OUT
_GATED_ATTENTION = "attn_q.weight embd q*2\n" + _K + _V + _OUT + _QK_NORM
_BIASES = "attn_q.bias q\nattn_k.bias k\nattn_v.bias v\n"
_LATENT_ATTENTION = """
attn_kv_a_mqa.weight embd kv_a
attn_kv_a_norm.weight kv_rank
attn_k_b.weight key_nope kv_rank heads
attn_v_b.weight kv_rank value_mla heads
attn_output.weight out_mla embd
"""
_LATENT_QUERY = """
attn_q_a.weight embd q_rank
attn_q_a_norm.weight q_rank
attn_q_b.weight q_rank q_mla
"""

_UP = "ffn_up.weight embd ff\n"
_DOWN = "ffn_down.weight ff embd\n"
_DENSE = "ffn_gate.weight embd ff\n" + _UP + _DOWN
_FUSED_DENSE = "ffn_up.weight embd ff*2\n" + _DOWN

_ROUTER = "ffn_gate_inp.weight embd experts\n"
_ROUTER_BIAS = "exp_probs_b.bias experts\n"
_UP_EXPERTS = "ffn_up_exps.weight embd ff_exp experts\n"
_DOWN_EXPERTS = "ffn_down_exps.weight ff_exp embd experts\n"
_EXPERTS = _ROUTER + "ffn_gate_exps.weight embd ff_exp experts\n" + _UP_EXPERTS + _DOWN_EXPERTS
_SHARED_PAIR = "ffn_up_shexp.weight embd ff_shexp\nffn_down_shexp.weight ff_shexp embd\n"
_SHARED = "ffn_gate_shexp.weight embd ff_shexp\n" + _SHARED_PAIR
_QWEN_EXPERTS = _EXPERTS + _SHARED + "ffn_gate_inp_shexp.weight embd\n"
_GPT_OSS_BIASES = """
ffn_gate_inp.bias experts
ffn_gate_exps.bias ff_exp experts
ffn_up_exps.bias ff_exp experts
ffn_down_exps.bias embd experts
"""
_GEMMA4_EXPERTS = """
ffn_gate_inp.weight embd experts
ffn_gate_inp.scale embd
pre_ffw_norm_2.weight embd
post_ffw_norm_1.weight embd
post_ffw_norm_2.weight embd
ffn_gate_up_exps.weight embd ff_exp*2 experts
ffn_down_exps.weight ff_exp embd experts
ffn_down_exps.scale experts
"""

_MAMBA2 = """
ssm_in.weight embd in_proj
ssm_conv1d.weight conv channels
ssm_conv1d.bias channels
ssm_dt.bias dt
ssm_a 1 dt
ssm_d 1 dt
ssm_norm.weight group_inner groups
ssm_out.weight inner embd
"""
_DELTA_NET = """
attn_qkv.weight embd channels
attn_gate.weight embd inner
ssm_conv1d.weight conv channels
ssm_dt.bias dt
ssm_a dt
ssm_norm.weight state
ssm_out.weight inner embd
"""
_QWEN35_DELTA_NET = _DELTA_NET + "ssm_beta.weight embd dt\nssm_alpha.weight embd dt\n"
_SHORT_CONV = """
shortconv.conv.weight conv embd
shortconv.in_proj.weight embd embd*3
shortconv.out_proj.weight embd embd
"""

_PER_LAYER = """
inp_gate.weight embd per_layer
proj.weight per_layer embd
post_norm.weight embd
"""
_PER_LAYER_OUTSIDE = """
per_layer_token_embd.weight per_layer*blocks vocab
per_layer_model_proj.weight embd per_layer*blocks
per_layer_proj_norm.weight per_layer
"""
_GEMMA3N_EVERY = (
    _PER_LAYER
    + """
altup_correct_coef.weight altup altup
altup_correct_scale.weight embd
altup_predict_coef.weight altup altup*altup
altup_router.weight embd altup
altup_router_norm.weight embd
laurel_l.weight embd laurel
laurel_r.weight laurel embd
laurel_post_norm.weight embd
"""
)
_GEMMA3N_OUTSIDE = (
    _PER_LAYER_OUTSIDE
    + """
altup_proj.weight embd embd altup_others
altup_unembd_proj.weight embd embd altup_others
"""
)

# A block that predicts a further token, on top of attention and experts as in the other blocks.
PREDICTION = """
nextn.eh_proj.weight embd*2 embd
nextn.enorm.weight embd
nextn.hnorm.weight embd
nextn.embed_tokens.weight embd vocab
nextn.shared_head_head.weight embd vocab
nextn.shared_head_norm.weight embd
"""

# What only some models of an architecture have more, by the word for it in presets/models.toml.
OPTIONAL = {
    "output": Blueprint(outside="output.weight embd vocab"),
    "rope_freqs": Blueprint(outside="rope_freqs.weight half_rope"),
    "rope_factors": Blueprint(
        outside="rope_factors_long.weight half_rope\nrope_factors_short.weight half_rope"
    ),
    "qkv_bias": Blueprint(attention=_BIASES),
    "direct_query": Blueprint(attention="attn_q.weight embd q_mla"),
    "latent_query": Blueprint(attention=_LATENT_QUERY),
    "router_bias": Blueprint(experts=_ROUTER_BIAS),
    "values": Blueprint(attention=_V),
    "windowed_values": Blueprint(windowed=_V),  # elsewhere the keys serve as values, too
    "per_layer_embeddings": Blueprint(every=_PER_LAYER, outside=_PER_LAYER_OUTSIDE),
}

BLUEPRINTS = {
    "deepseek2": Blueprint(_LATENT_ATTENTION, _DENSE, _EXPERTS + _SHARED, every=_NORMS),
    "gemma2": Blueprint(_ATTENTION, _DENSE, every=_FOUR_NORMS),
    "gemma3": Blueprint(_ATTENTION + _QK_NORM, _DENSE, every=_FOUR_NORMS),
    "gemma3n": Blueprint(
        _ATTENTION + _QK_NORM, _DENSE, every=_FOUR_NORMS + _GEMMA3N_EVERY, outside=_GEMMA3N_OUTSIDE
    ),
    "gemma4": Blueprint(
        _Q + _K + _OUT + _QK_NORM,
        _DENSE,
        _DENSE + _GEMMA4_EXPERTS,
        every=_FOUR_NORMS + "layer_output_scale.weight 1",
    ),
    "glm4": Blueprint(_ATTENTION, _FUSED_DENSE, every=_FOUR_NORMS),
    "glm4moe": Blueprint(_ATTENTION, _DENSE, _EXPERTS + _ROUTER_BIAS + _SHARED, every=_NORM_AFTER),
    "gpt-oss": Blueprint(
        _ATTENTION + _BIASES + "attn_output.bias embd\nattn_sinks.weight heads",
        experts=_EXPERTS + _GPT_OSS_BIASES,
        every=_NORM_AFTER,
    ),
    "granitehybrid": Blueprint(_ATTENTION, _DENSE, _EXPERTS + _SHARED, _MAMBA2, every=_NORMS),
    "lfm2": Blueprint(
        _ATTENTION + _QK_NORM,
        _DENSE,
        recurrent=_SHORT_CONV,
        every=_NORMS,
        output_norm="token_embd_norm.weight",
    ),
    "lfm2moe": Blueprint(
        _ATTENTION + _QK_NORM,
        _DENSE,
        _EXPERTS + _ROUTER_BIAS,
        _SHORT_CONV,
        every=_NORMS,
        output_norm="token_embd_norm.weight",
    ),
    "llama": Blueprint(_ATTENTION, _DENSE, _EXPERTS, every=_NORMS),
    "llama4": Blueprint(_ATTENTION, _DENSE, _EXPERTS + _SHARED, every=_NORMS),
    "mamba2": Blueprint(recurrent=_MAMBA2, every=_NORM),
    "mistral3": Blueprint(_ATTENTION, _DENSE, every=_NORMS),
    "nemotron_h": Blueprint(_ATTENTION, _UP + _DOWN, "", _MAMBA2, every=_NORM, one_part=True),
    "nemotron_h_moe": Blueprint(
        _ATTENTION,
        experts=_ROUTER + _ROUTER_BIAS + _UP_EXPERTS + _DOWN_EXPERTS + _SHARED_PAIR,
        recurrent=_MAMBA2,
        every=_NORM,
        one_part=True,
    ),
    "phi3": Blueprint(_FUSED_ATTENTION, _FUSED_DENSE, every=_NORMS),
    "qwen2": Blueprint(_ATTENTION + _BIASES, _DENSE, every=_NORMS),
    "qwen3": Blueprint(_ATTENTION + _QK_NORM, _DENSE, every=_NORMS),
    "qwen35": Blueprint(_GATED_ATTENTION, _DENSE, recurrent=_QWEN35_DELTA_NET, every=_NORM_AFTER),
    "qwen35moe": Blueprint(
        _GATED_ATTENTION, experts=_QWEN_EXPERTS, recurrent=_QWEN35_DELTA_NET, every=_NORM_AFTER
    ),
    "qwen3moe": Blueprint(_ATTENTION + _QK_NORM, experts=_EXPERTS, every=_NORMS),
    "qwen3next": Blueprint(
        _GATED_ATTENTION,
        experts=_QWEN_EXPERTS,
        recurrent=_DELTA_NET + "ssm_ba.weight embd dt*2",
        every=_NORM_AFTER,
    ),
    "seed_oss": Blueprint(_ATTENTION + _BIASES, _DENSE, every=_NORM_AFTER),
    "smollm3": Blueprint(_ATTENTION, _DENSE, every=_NORMS),
}
