"""What llama.cpp's architectures are, by name: which it knows, which keep no cache, which our rules cover.

Names and groups from llama.cpp's src/llama-arch.cpp (LLM_ARCH_NAMES, llm_arch_is_recurrent,
llm_arch_is_diffusion) and src/llama-model.cpp (create_memory).
"""

from __future__ import annotations

_NAMES = """
afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bailingmoe3 bert bitnet bloom
chameleon chatglm codeshell cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2
deepseek2-ocr deepseek32 deepseek4 dflash dots1 dots3note dream eagle3 ernie4_5 ernie4_5-moe eurobert
exaone exaone-moe exaone4 falcon falcon-h1 gemma gemma-embedding gemma2 gemma3 gemma3n gemma4
gemma4-assistant glm-dsa glm4 glm4moe glm5-next gpt-oss gpt2 gptj gptneox granite granite_swa
granitehybrid granitemoe graniteswitch grok grovemoe hrm_text hunyuan-dense hunyuan-moe hunyuan_vl
hy_v3 hy_v4 internlm2 jais jais2 jamba jina-bert-v2 jina-bert-v3 kimi-k3 kimi-linear laguna lfm2 lfm2moe
llada llada-moe llama llama-embed llama4 maincoder mamba mamba2 maple mellum mimo2 minicpm minicpm3
minimax-01 minimax-m2 minimax-m3 mistral3 mistral4 modern-bert mpt muse-glimmer nanbeige nemotron
nemotron_h nemotron_h_moe neo-bert nomic-bert nomic-bert-moe olmo olmo2 olmoe openelm orion paddleocr
pangu-embedded phi2 phi3 phimoe plamo plamo2 plamo3 plm pockettts qwen qwen2 qwen2moe qwen2vl qwen3
qwen35 qwen35moe qwen3moe qwen3next qwen3tts qwen3vl qwen3vlmoe qwen4exp refact rnd1 rwkv6 rwkv6qwen2
rwkv7 seed_oss smallthinker smollm3 spark2_5 stablelm starcoder starcoder2 step35 t5 t5encoder talkie
wavtokenizer-dec xverse
"""
KNOWN = frozenset(_NAMES.split())

# State for every block, no attention (llm_arch_is_recurrent).
RECURRENT = frozenset({"arwkv7", "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7"})

_BERTS = frozenset(
    {
        "bert",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
    }
)
DIFFUSION = frozenset({"dream", "llada", "llada-moe", "rnd1"})
ENCODERS = _BERTS | {"t5encoder"}
NO_CACHE = _BERTS | DIFFUSION | {"wavtokenizer-dec"}

# These see a whole batch at once whatever the header says (load_arch_hparams sets causal_attn = false).
NOT_CAUSAL = DIFFUSION | {"gemma-embedding"}

# They end without an output head, or multiply with the embedding where it lies: no second copy is loaded.
NO_SECOND_EMBEDDING = (_BERTS - {"gemma-embedding"}) | {"bitnet", "eagle3", "wavtokenizer-dec"}

# Their loaders ask for the output before the embedding, and so do not find the copy that is already there.
OUTPUT_ALLOCATED_FIRST = frozenset({"gemma3n", "gemma4"})

# Drafts for speculative decoding: they need the context of the model that they draft for.
DRAFTS = frozenset({"dflash", "eagle3", "gemma4-assistant"})

# llama_init_from_model forces flash attention off (src/llama-context.cpp).
NO_FLASH_ATTENTION = frozenset({"grok"})

# llama_model_rope_type: LLAMA_ROPE_TYPE_NONE. Positions are learned, or biases, or those of a state.
NO_ROPE = RECURRENT | frozenset(
    {
        "bloom",
        "glm5-next",
        "gpt2",
        "gptj",
        "jais",
        "jamba",
        "jina-bert-v2",
        "kimi-k3",
        "kimi-linear",
        "mpt",
        "nemotron_h",
        "nemotron_h_moe",
        "refact",
        "t5",
        "t5encoder",
        "wavtokenizer-dec",
    }
)

# Known, but not compared: llama.cpp has no loader for gptj, and drafts cannot be loaded alone.
VERIFIED = KNOWN - DRAFTS - {"gptj"}
