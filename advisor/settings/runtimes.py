"""Each runtime's habits: what it passes to llama.cpp where nothing is said, and what it can be told.

The same file at the same context takes different memory in each of them. One `Runtime` a program; the few
rules that do not fit into a table are functions of `resolve.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import SettingsError

# Settings of `Request` that not every runtime can be told.
_ALL_WORDS = frozenset(
    {
        *("cache_type_k", "cache_type_v", "n_ubatch", "n_seq_max", "swa_full", "flash_attn"),
        *("n_gpu_layers", "offload_kqv", "n_cpu_moe", "split_mode", "tensor_split", "main_gpu", "devices"),
    }
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """One program's habits.

    `n_seq_max` and `kv_unified` are what we assume and export, which for llama-server is not its own
    default: it would open 4 slots (tools/server/server.cpp), and most people are one user.
    """

    name: str
    title: str
    n_batch: int
    n_ubatch: int
    n_seq_max: int
    kv_unified: bool
    swa_full: bool
    flash_attn: str
    all_outputs: bool  # a logits row for every token of a batch, not one a slot
    n_ctx_is_per_slot: bool
    quantized_v_turns_flash_attn_on: bool = True
    one_cache_type: bool = False  # OLLAMA_KV_CACHE_TYPE sets K and V alike
    says_yarn: bool = True  # has words for the YaRN of a context above the training one
    words: frozenset[str] = _ALL_WORDS  # what it can be told, in `Request`'s names


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime("llama-server", "llama.cpp (llama-server)", 2048, 512, 1, True, False, "auto", False, False),
        # Ollama starts a llama-server of its own (llm/llama_server.go): -c num_ctx*parallel -np parallel.
        Runtime(
            "ollama",
            "Ollama",
            512,
            512,
            1,
            False,
            False,
            "auto",
            False,
            True,
            one_cache_type=True,
            says_yarn=False,
            words=_ALL_WORDS - {"swa_full", "offload_kqv", "n_cpu_moe", "split_mode", "tensor_split"},
        ),
        # LM Studio's SDK 2.0 schema: numParallelSessions 4, useUnifiedKvCache true, 2048/512.
        Runtime(
            "lm-studio",
            "LM Studio",
            2048,
            512,
            4,
            True,
            False,
            "on",
            False,
            False,
            says_yarn=False,
            words=_ALL_WORDS - {"swa_full", "split_mode", "tensor_split"},
        ),
        # llama_cpp/llama.py: flash_attn=False is "disabled", swa_full=None keeps the library's True.
        Runtime(
            "llama-cpp-python",
            "llama-cpp-python",
            512,
            512,
            1,
            False,
            True,
            "off",
            True,
            False,
            quantized_v_turns_flash_attn_on=False,
            words=_ALL_WORDS - {"n_seq_max", "n_cpu_moe", "devices"},
        ),
    )
}

DEFAULT_RUNTIME = "llama-server"

# server/sched.go of Ollama: these get one slot whatever OLLAMA_NUM_PARALLEL says.
OLLAMA_ONE_SLOT = frozenset(
    {
        "mllama",
        "qwen3vl",
        "qwen3vlmoe",
        "qwen35",
        "qwen35moe",
        "qwen3next",
        "lfm2",
        "lfm2moe",
        "nemotron_h",
        "nemotron_h_moe",
        "nemotron_h_omni",
    }
)


def runtime_named(name: str | None) -> Runtime:
    """The runtime of that name, llama-server for None. Raises SettingsError for an unknown one."""
    try:
        return RUNTIMES[name or DEFAULT_RUNTIME]
    except KeyError:
        raise SettingsError(
            "--runtime", f'"{name}" is not known.', hint=f"Choose one of {', '.join(RUNTIMES)}."
        ) from None
