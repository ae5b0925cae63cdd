"""`ModelFacts`: what a GGUF header means, layer by layer.

Facts are per layer and never averaged: in today's models neighbouring layers differ in heads, window,
cache sharing and even in kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Role(StrEnum):
    """Where llama.cpp places a tensor (src/llama-model.cpp: load_tensors)."""

    INPUT = "input"  # token and position embeddings: always in host memory
    LAYER = "layer"  # blk.N.*: with its layer
    OUTPUT = "output"  # output head and norm: with the "layer" after the last
    SKIPPED = "skipped"  # in the file, but not loaded (multi-token prediction blocks)


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor as the loader sees it."""

    name: str
    role: Role
    layer: int | None  # for Role.LAYER
    dims: tuple[int, ...]
    ggml_type: int
    n_bytes: int
    is_expert: bool = False  # a routed expert tensor (ffn_*_exps)


@dataclass(frozen=True, slots=True)
class Attention:
    """One layer's attention, as far as memory goes.

    A token's cache row holds `key_length * head_count_kv` elements of K and, unless `keys_only` (MLA),
    `value_length * head_count_kv` of V.
    """

    head_count: int
    head_count_kv: int
    key_length: int
    value_length: int
    window: int = 0  # tokens it looks back; 0: all of them
    shares_cache_of: int | None = None  # this layer keeps no cache of its own, it reads that layer's
    keys_only: bool = False  # MLA: the latent is cached once and serves as K and V
    indexer_key_length: int = 0  # sparse attention: the extra key that selects tokens (cache type K)
    indexer_value_length: int = 0  # minimax-m3 allocates a value beside that key, and never uses it
    # deepseek4: beside the window, one compressed key for this many tokens (and, where there is an indexer,
    # one indexer key for as many), in caches of PAD(ceil(n_ctx / compress_ratio), 256) cells. 0: none
    compress_ratio: int = 0
    indexer_top_k: int = 0  # sparse attention: cells that a token may look at; 0: all
    indexer_pool: int = 1  # neighbouring tokens that an indexer scores as one (glm5-next, qwen4exp)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One layer's state in f32 elements a sequence (src/llama-hparams.cpp: n_embd_r, n_embd_s).

    qwen4exp's hash history counts as convolution; deepseek4's compressor state, which sits beside
    attention in the same layer, as state.
    """

    conv_elements: int
    state_elements: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One block. A hybrid's layer has attention or recurrence, falcon-h1's both, an MLP-only one neither.

    A block for multi-token prediction that the main context keeps no cache for has neither, too.
    """

    index: int
    attention: Attention | None
    recurrence: Recurrence | None
    n_ff: int  # of the dense feed-forward, 0 if it has none
    n_expert_used: int  # 0: no routed experts


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What must be known of a model to say what it will allocate."""

    path: Path | None
    shards: tuple[Path, ...]
    name: str
    architecture: str
    quantization: str  # "Q4_K_M", as the file says, else the commonest type
    n_layer: int  # blocks that a context runs through
    n_layer_all: int  # with multi-token prediction blocks; n_gpu_layers counts these, plus 1 for the output
    n_ctx_train: int
    n_embd: int
    n_vocab: int
    n_expert: int
    layers: tuple[Layer, ...]  # n_layer_all of them
    weights: tuple[Weight, ...]
    file_bytes: int
    n_params: int
    has_cache: bool = True  # encoders and diffusion models keep nothing between calls
    is_encoder: bool = False  # an embedding or reranking model: no text comes out
    causal: bool = True  # False: a batch is not cut to the context (src/llama-context.cpp: n_batch)
    n_position_rows: int = 0  # rows of a learned position table (gpt2): a hard limit for n_ctx; 0: none
    verified: bool = True  # our rules for this architecture were compared with the engine's
    tied_output: bool = False  # no output head in the file: token_embd is loaded a second time as the head
    # gemma3n, gemma4: with a tied output, token_embd is allocated twice even where both copies are in host
    # memory (src/models/gemma4.cpp asks for the output first; the other loaders find the first copy again).
    embedding_allocated_twice: bool = False
    supports_flash_attn: bool = True  # False: the engine turns it off whatever is asked (grok)
    cache_per_sequence: bool = False  # deepseek4: one stream a sequence even where the cache is unified
    # Rotary positions (src/llama-model.cpp: llama_model_rope_type, load_hparams); 0 and "none": no scaling.
    has_rope: bool = True  # False: positions are learned, counted otherwise or not at all
    rope_scaling: str = "none"  # of the header: "none" | "linear" | "yarn" | "longrope"
    n_ctx_original: int = 0  # what it was trained for before the header's own scaling; 0: n_ctx_train
    # The widest value row over all blocks, cached or not, in elements: without flash attention every
    # layer's V is padded to it (src/llama-kv-cache.cpp: TAG_V_CACHE_VARIABLE).
    value_row_max: int = 0

    @property
    def weights_bytes(self) -> int:
        """Bytes of all tensors that are loaded, each counted once."""
        return sum(w.n_bytes for w in self.weights if w.role is not Role.SKIPPED)

    @property
    def all_gpu_layers(self) -> int:
        """What `-ngl all` means: every block and the output."""
        return self.n_layer_all + 1
