"""What each runtime's own words can carry: "this runtime cannot say K != V"."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import SettingsError
from advisor.export.choices import TARGETS
from advisor.export.export import Cannot, Load
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import FLASH_ATTN
from advisor.settings.rope import TRAINED_ROPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One target's vocabulary, as far as memory goes.

    `words` are the fields of LoadSettings that it has a word for; every other field is reported where it
    differs from `LoadSettings`' default. `batches` are the sizes that it takes where it has one word for
    both batch sizes. `own_slots` are opened beside those that were asked for. `main_gpu_alone`: its word for
    the main GPU puts the whole model there, as --split-mode none does.
    """

    words: frozenset[str]
    cache_types: tuple[str, ...] = CACHE_TYPES
    one_cache_type: bool = False
    flash_attn: tuple[str, ...] = FLASH_ATTN
    one_batch: bool = False
    batches: tuple[int, ...] = ()
    own_slots: int = 0
    main_gpu_alone: bool = False


_COMMON = frozenset({"n_ctx", "n_batch", "n_ubatch", "n_gpu_layers", "main_gpu", "use_mmap", "flash_attn"})
_CACHE_TYPES = frozenset({"cache_type_k", "cache_type_v"})
_LLAMA_SERVER = (
    _COMMON
    | _CACHE_TYPES
    | {"n_seq_max", "kv_unified", "swa_full", "offload_kqv", "op_offload", "n_cpu_moe"}
    | {"override_tensor", "split_mode", "tensor_split", "devices", "rope"}
)

CAPABILITIES = {
    # llm/llama_server.go: appendMainGPUArgs.
    "ollama": Capability(
        words=_COMMON | _CACHE_TYPES | {"n_seq_max"}, one_cache_type=True, main_gpu_alone=True
    ),
    "llama-server": Capability(words=_LLAMA_SERVER),
    "lm-studio": Capability(
        words=(_COMMON | _CACHE_TYPES | {"n_seq_max", "kv_unified", "offload_kqv", "n_cpu_moe", "rope"})
        - {"main_gpu"},
        cache_types=tuple(name for name in CACHE_TYPES if name != "bf16"),
    ),
    "llama-cpp-python": Capability(
        words=_COMMON
        | _CACHE_TYPES
        | {"swa_full", "offload_kqv", "op_offload", "split_mode", "tensor_split", "rope"},
    ),
    "koboldcpp": Capability(
        words=_COMMON
        | _CACHE_TYPES
        | {"swa_full", "offload_kqv", "n_cpu_moe", "override_tensor"}
        | {"split_mode", "tensor_split", "devices", "rope"},
        cache_types=("f16", "bf16", "q8_0", "q5_1", "q4_0"),
        one_cache_type=True,
        flash_attn=("on", "off"),
        one_batch=True,
        batches=(16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
    ),
    "llama-router": Capability(words=_LLAMA_SERVER),
    "llama-swap": Capability(words=_LLAMA_SERVER),
    "text-generation-webui": Capability(words=_LLAMA_SERVER, flash_attn=("on",)),
    # Jan's own extension (preset.ts) adds two slots to any number and then shares the cache among all.
    "jan": Capability(
        words=(_COMMON | _CACHE_TYPES | {"n_seq_max", "offload_kqv", "n_cpu_moe", "override_tensor"})
        - {"main_gpu", "use_mmap"},
        own_slots=2,
    ),
    "localai": Capability(words=_LLAMA_SERVER),
    # docker/model-runner has a list of flags that it lets through (runtime_flags_allowlist.go).
    "docker-model-runner": Capability(words=_LLAMA_SERVER - {"override_tensor", "use_mmap"}),
    "ramalama": Capability(words=_LLAMA_SERVER),
    "open-webui": Capability(
        words=_COMMON | _CACHE_TYPES | {"n_seq_max"}, one_cache_type=True, main_gpu_alone=True
    ),
    "continue": Capability(
        words=_CACHE_TYPES | {"n_ctx", "flash_attn", "n_seq_max"},
        one_cache_type=True,
    ),
    "aider": Capability(
        words=_CACHE_TYPES | {"n_ctx", "flash_attn", "n_seq_max"},
        one_cache_type=True,
    ),
    "opencode": Capability(words=_LLAMA_SERVER),
    "vllm": Capability(words=_LLAMA_SERVER),  # what it does is not ours to plan: see vllm.py
}

# As a person knows them, and the value that says nothing.
OPTIONS: dict[str, tuple[str, object]] = {
    "n_seq_max": ("--parallel", 1),
    "swa_full": ("--swa-full", False),
    "offload_kqv": ("--no-kv-offload", True),
    "op_offload": ("--no-op-offload", True),
    "n_cpu_moe": ("--n-cpu-moe", 0),
    "override_tensor": ("--override-tensor", ()),
    "split_mode": ("--split-mode", "layer"),
    "main_gpu": ("--main-gpu", 0),
    "tensor_split": ("--tensor-split", ()),
    "devices": ("--device", ()),
    "rope": ("--rope-*, --yarn-*", TRAINED_ROPE),
    "use_mmap": ("--load-mode none", True),
}


def unsaid(to: str, settings: LoadSettings) -> tuple[Cannot, ...]:
    """Each setting that differs from its default and that the runtime has no word for."""
    can, title = CAPABILITIES[to], TARGETS[to].title
    return tuple(
        Cannot(option, f"It cannot be said to {title} here, so it loads without: the plan differs.")
        for name, (option, default) in OPTIONS.items()
        if name not in can.words
        and getattr(settings, name) != default
        and not (name == "split_mode" and can.main_gpu_alone and settings.split_mode == "none")
    )


# common/fit.cpp gives up where one of these was said; one GPU alone (--split-mode none) does not hinder it.
_PLACEMENT = ("n_cpu_moe", "override_tensor", "split_mode", "tensor_split")


def left_to_the_runtime(load: Load) -> tuple[Cannot, ...]:
    """What the adjustable flavour leaves out although it was said: with it, no layers would be moved."""
    if load.pinned:
        return ()
    return tuple(
        Cannot(
            option, "Left out of --flavour adjustable: the runtime places the layers itself, or not at all."
        )
        for option, default, value in ((*OPTIONS[name], getattr(load.settings, name)) for name in _PLACEMENT)
        if value not in (default, "none")
    )


def check_cache_types(to: str, settings: LoadSettings) -> None:
    """Raise SettingsError for a cache type that the runtime does not have."""
    can, title = CAPABILITIES[to], TARGETS[to].title
    for option, name in (
        ("--cache-type-k", settings.cache_type_k),
        ("--cache-type-v", settings.cache_type_v),
    ):
        if name not in can.cache_types:
            raise SettingsError(
                option,
                f"{title} has no {name} cache.",
                hint=f"Choose one of {', '.join(can.cache_types)}.",
            )
