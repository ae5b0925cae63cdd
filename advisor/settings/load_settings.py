"""`LoadSettings`: everything that decides what llama.cpp allocates, in llama.cpp's own names.

Never left to a default of some library: `swa_full`, `n_outputs_max` and `flash_attn` differ between the
runtimes and can change the sum by gigabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.settings.rope import TRAINED_ROPE, Rope
from advisor.units import CONTEXT_STEP, pad

# common/arg.cpp: kv_cache_types. Others are aborted on or silently accepted by the engine: refuse them.
CACHE_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "iq4_nl", "q4_0")

MAX_N_CTX = 16 * 1024 * 1024  # above this the engine is not asked: its size arithmetic is untested there
MAX_SEQUENCES = 256  # LLAMA_MAX_SEQ, src/llama-cparams.h


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """One load, as the runtime would really pass it to llama.cpp.

    `n_ctx` is the engine's total over all slots, already rounded the way the engine rounds
    (`engine_n_ctx`). `n_gpu_layers` counts the output layer: all layers are `n_layer_all + 1`.
    """

    n_ctx: int
    runtime: str = "llama-server"
    n_batch: int = 2048
    n_ubatch: int = 512
    n_seq_max: int = 1
    kv_unified: bool = True
    swa_full: bool = False
    n_outputs_max: int = 1
    cache_type_k: str = "f16"
    cache_type_v: str = "f16"
    flash_attn: str = "auto"  # "on" | "off" | "auto"
    n_gpu_layers: int = 0
    offload_kqv: bool = True
    op_offload: bool = True
    n_cpu_moe: int = 0  # the first N layers' experts stay on the CPU
    override_tensor: tuple[tuple[str, str], ...] = ()  # (regular expression, buffer type), first match wins
    split_mode: str = "layer"  # "none" | "layer" | "row"
    main_gpu: int = 0
    tensor_split: tuple[float, ...] = ()  # empty: by free memory
    use_mmap: bool = True
    devices: tuple[str, ...] = ()  # the only GPUs to use, as ggml names them; empty: all
    rope: Rope = TRAINED_ROPE

    @property
    def n_ctx_per_slot(self) -> int:
        """What one user gets (n_ctx_seq of src/llama-context.cpp)."""
        return self.n_ctx if self.kv_unified else self.n_ctx // self.n_seq_max

    @property
    def n_stream(self) -> int:
        """Separate caches: one when unified, else one per slot (src/llama-kv-cache.cpp)."""
        return 1 if self.kv_unified else self.n_seq_max

    def with_n_ctx(self, n_ctx: int) -> LoadSettings:
        """The same settings at another total context, rounded as the engine rounds."""
        return replace(self, n_ctx=engine_n_ctx(n_ctx, self.n_seq_max, self.kv_unified))

    @property
    def context_step(self) -> int:
        """The smallest change of `n_ctx` that the engine does not round away."""
        return CONTEXT_STEP * self.n_stream


def engine_n_ctx(n_ctx: int, n_seq_max: int, kv_unified: bool) -> int:
    """The total context that llama.cpp really makes of `n_ctx` tokens (src/llama-context.cpp).

    It rounds up to 256; a split cache rounds each slot's share up to 256 (its own warning says "down").
    """
    padded = pad(n_ctx, CONTEXT_STEP)
    if kv_unified:
        return padded
    return pad(padded // n_seq_max, CONTEXT_STEP) * n_seq_max
