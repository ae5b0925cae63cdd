"""LocalAI: the YAML file of one model."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.beside import not_said
from advisor.export.capabilities import left_to_the_runtime, unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.llama_server import said_options
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for LocalAI with its llama-cpp backend (August 2026)."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike; keys as LocalAI's model_config.go, prediction.go and "
    "grpc-server.cpp of August 2026 have them. LocalAI was not run."
)

# grpc-server.cpp keeps prompts in RAM without a limit unless told; this is llama-server's own.
_CACHE_RAM_MIB = 8192
# What options have no name for goes to llama-server's own parser there: whatever begins with -.
_HANDED_ON = {"-dev": "--device", "-ot": "--override-tensor"}


def render(load: Load) -> Export:
    """The file for LocalAI's models folder, in which the model lies, too."""
    settings = load.settings
    name = load.plain_name
    document: dict[str, object] = {
        "name": name,
        "backend": "llama-cpp",
        # core/schema/prediction.go: beside these two, `batch` at the top would be passed over.
        "parameters": {
            "model": load.file_name,
            "batch": settings.n_batch,
        },
        "context_size": settings.n_ctx,
        "f16": True,
        "flash_attention": load.flash_attn,
        "cache_type_k": settings.cache_type_k,
        "cache_type_v": settings.cache_type_v,
        "no_kv_offloading": not settings.offload_kqv,
        "mmap": settings.use_mmap,
        "mmlock": False,
        "options": list(_options(load)),
    }
    if load.pinned:
        document["gpu_layers"] = settings.n_gpu_layers
        if settings.tensor_split:
            document["tensor_split"] = ",".join(f"{share:g}" for share in settings.tensor_split)
    if settings.main_gpu:
        document["main_gpu"] = str(settings.main_gpu)
    if load.companions.projector:
        document["mmproj"] = load.companions.projector.path.name
    return Export(
        runtime="localai",
        files=(File(f"{name}.yaml", yaml_text(document, GENERATED)),),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load)),
        verified_with=VERIFIED,
    )


def _options(load: Load) -> Iterator[str]:
    settings = load.settings
    if settings.n_ubatch != settings.n_batch:
        yield f"n_ubatch:{settings.n_ubatch}"
    yield f"parallel:{settings.n_seq_max}"
    if settings.n_seq_max > 1:
        yield f"kv_unified:{'true' if settings.kv_unified else 'false'}"
    yield f"cache_ram:{_CACHE_RAM_MIB}"
    yield from _placement(load)
    if settings.swa_full:
        yield "swa_full:true"
    if not settings.op_offload:
        yield "no_op_offload:true"
    for option in said_options(load):
        flag = _HANDED_ON.get(option.words[0], option.words[0])
        if flag in _HANDED_ON.values() or flag.startswith(("--rope-", "--yarn-")):
            yield f"{flag}:{option.value}"


def _placement(load: Load) -> Iterator[str]:
    """LocalAI asks for all layers unless told (DefaultNGPULayers), and then llama.cpp moves none."""
    settings = load.settings
    if not load.pinned:
        yield "--n-gpu-layers:auto"
        yield "fit_params:true"
        yield f"fit_params_target:{','.join(map(str, load.fit_target_mib))}"
        if settings.split_mode == "none":
            yield "split_mode:none"
        return
    yield "fit_params:false"
    if settings.n_cpu_moe:
        yield f"n_cpu_moe:{settings.n_cpu_moe}"
    if settings.split_mode != "layer":
        yield f"split_mode:{settings.split_mode}"


def _cannot(load: Load) -> Iterator[Cannot]:
    yield from left_to_the_runtime(load)
    yield from unsaid("localai", load.settings)
    yield from not_said(load, "LocalAI", but=frozenset({"--mmproj"}))


def _notes(load: Load) -> Iterator[str]:
    beside = "the model and its projector" if load.companions.projector else "the model"
    yield (
        f"Put the file into LocalAI's models folder (LOCALAI_MODELS_PATH, ./models by default) and {beside} "
        "beside it: paths are read from there."
    )
    yield (
        "cache_ram: like llama-server by itself, up to 8 GiB of prompts are kept in RAM. Left out, LocalAI "
        "sets no limit; 0 ends it."
    )
    if any(option.startswith("-") for option in _options(load)):
        yield "Options that begin with - go to llama.cpp as they are, in LocalAI of August 2026 or newer."
