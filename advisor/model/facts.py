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
    indexer_key_length: int = 0  # sparse attention: the extra key that selects tokens


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One layer's state in f32 elements a sequence (src/llama-hparams.cpp: n_embd_r, n_embd_s)."""

    conv_elements: int
    state_elements: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One block. A hybrid's layer has attention or recurrence, falcon-h1's both, an MLP-only one neither."""

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
    layers: tuple[Layer, ...]
    weights: tuple[Weight, ...]
    file_bytes: int
    n_params: int
    has_cache: bool = True  # encoders and diffusion models keep nothing between calls
    is_encoder: bool = False
    n_position_rows: int = 0  # rows of a learned position table (gpt2): a hard limit for n_ctx; 0: none
    verified: bool = True  # our rules for this architecture were compared with the engine's

    @property
    def weights_bytes(self) -> int:
        """Bytes of all tensors that are loaded, each counted once."""
        return sum(w.n_bytes for w in self.weights if w.role is not Role.SKIPPED)

    @property
    def all_gpu_layers(self) -> int:
        """What `-ngl all` means: every block and the output."""
        return self.n_layer_all + 1
