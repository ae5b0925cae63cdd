"""What each runtime's own words can carry: "this runtime cannot say K != V"."""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.errors import SettingsError
from advisor.export.export import Cannot, Load
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import runtime_named


@dataclass(frozen=True, slots=True)
class Capability:
    """One runtime's vocabulary, as far as memory goes.

    `words` are the fields of LoadSettings that it has a word for; every other field is reported where it
    differs from `LoadSettings`' default.
    """

    title: str
    words: frozenset[str]
    cache_types: tuple[str, ...] = CACHE_TYPES


_COMMON = frozenset({"n_ctx", "n_batch", "n_ubatch", "n_gpu_layers", "main_gpu", "use_mmap", "flash_attn"})
_CACHE_TYPES = frozenset({"cache_type_k", "cache_type_v"})

CAPABILITIES = {
    "llama-server": Capability(
        "llama.cpp (llama-server)",
        _COMMON
        | _CACHE_TYPES
        | {"n_seq_max", "kv_unified", "swa_full", "offload_kqv", "op_offload", "n_cpu_moe"}
        | {"override_tensor", "split_mode", "tensor_split"},
    ),
    "ollama": Capability("Ollama", _COMMON | _CACHE_TYPES | {"n_seq_max"}),
    "lm-studio": Capability(
        "LM Studio",
        (_COMMON | _CACHE_TYPES | {"n_seq_max", "kv_unified", "offload_kqv", "n_cpu_moe"}) - {"main_gpu"},
        cache_types=tuple(name for name in CACHE_TYPES if name != "bf16"),
    ),
    "llama-cpp-python": Capability(
        "llama-cpp-python",
        _COMMON | _CACHE_TYPES | {"swa_full", "offload_kqv", "op_offload", "split_mode", "tensor_split"},
    ),
}

# As a person knows them, and the value that says nothing.
_OPTIONS: dict[str, tuple[str, object]] = {
    "n_seq_max": ("--parallel", 1),
    "swa_full": ("--swa-full", False),
    "offload_kqv": ("--no-kv-offload", True),
    "op_offload": ("--no-op-offload", True),
    "n_cpu_moe": ("--n-cpu-moe", 0),
    "override_tensor": ("--override-tensor", ()),
    "split_mode": ("--split-mode", "layer"),
    "main_gpu": ("--main-gpu", 0),
    "tensor_split": ("--tensor-split", ()),
}


def unsaid(runtime: str, settings: LoadSettings) -> tuple[Cannot, ...]:
    """Each setting that differs from its default and that the runtime has no word for."""
    can = CAPABILITIES[runtime]
    return tuple(
        Cannot(option, f"{can.title} has no setting for it here, so it loads without: the plan differs.")
        for name, (option, default) in _OPTIONS.items()
        if name not in can.words and getattr(settings, name) != default
    )


_PLACEMENT = ("n_cpu_moe", "override_tensor", "split_mode", "main_gpu", "tensor_split")


def left_to_the_runtime(load: Load) -> tuple[Cannot, ...]:
    """What the adjustable flavour leaves out although it was said: with it, no layers would be moved."""
    if load.pinned:
        return ()
    return tuple(
        Cannot(
            option, "Left out of --flavour adjustable: the runtime places the layers itself, or not at all."
        )
        for option, default, value in ((*_OPTIONS[name], getattr(load.settings, name)) for name in _PLACEMENT)
        if value != default
    )


def check_cache_types(runtime: str, settings: LoadSettings) -> None:
    """Raise SettingsError for a cache type that the runtime does not have."""
    can = CAPABILITIES[runtime]
    for option, name in (
        ("--cache-type-k", settings.cache_type_k),
        ("--cache-type-v", settings.cache_type_v),
    ):
        if name not in can.cache_types:
            raise SettingsError(
                option,
                f"{can.title} has no {name} cache.",
                hint=f"Choose one of {', '.join(can.cache_types)}.",
            )


def one_cache_type(cache_type_k: str, cache_type_v: str) -> str:
    """The type to export where a runtime has one for both: the smaller, so that the load still fits."""
    return max(cache_type_k, cache_type_v, key=CACHE_TYPES.index)


def expressible(request: Request) -> tuple[Request, tuple[Cannot, ...]]:
    """The request as its runtime can say it, and what had to change: the plan must be made of this one."""
    k, v = request.cache_type_k, request.cache_type_v
    if not runtime_named(request.runtime).one_cache_type or not k or not v or k == v:
        return request, ()
    one = one_cache_type(k, v)
    return replace(request, cache_type_k=one, cache_type_v=one), (different_types(k, v),)


def different_types(cache_type_k: str, cache_type_v: str) -> Cannot:
    """Why K and V have become one type."""
    one = one_cache_type(cache_type_k, cache_type_v)
    return Cannot(
        "--cache-type-k, --cache-type-v",
        f"Ollama has one cache type for K and V, and for all its models. {one} is exported for both in place "
        f"of {cache_type_k} and {cache_type_v}: the smaller one, so that it still fits.",
    )
