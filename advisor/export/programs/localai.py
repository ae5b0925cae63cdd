"""LocalAI: the YAML file of one model."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.beside import not_said
from advisor.export.capabilities import unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for LocalAI with its llama-cpp backend (August 2026)."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike; keys as LocalAI's model_config.go, prediction.go and "
    "grpc-server.cpp of August 2026 have them. LocalAI was not run."
)

NOTES = (
    (
        "Put the file into LocalAI's models folder (LOCALAI_MODELS_PATH, ./models by default) and the model "
        "beside it: the path is read from there."
    ),
    (
        "Beside the model LocalAI's llama.cpp keeps up to 8 GiB of prompts in RAM: cache_ram:0 in options "
        "ends that."
    ),
)


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
            "batch": settings.n_ubatch,
        },
        "context_size": settings.n_ctx,
        "gpu_layers": settings.n_gpu_layers,
        "f16": True,
        "flash_attention": load.flash_attn,
        "cache_type_k": settings.cache_type_k,
        "cache_type_v": settings.cache_type_v,
        "no_kv_offloading": not settings.offload_kqv,
        "mmap": settings.use_mmap,
        "mmlock": False,
        "options": list(_options(load)),
    }
    if settings.tensor_split:
        document["tensor_split"] = ",".join(f"{share:g}" for share in settings.tensor_split)
    if settings.main_gpu:
        document["main_gpu"] = str(settings.main_gpu)
    return Export(
        runtime="localai",
        files=(File(f"{name}.yaml", yaml_text(document, GENERATED)),),
        cannot_express=tuple(_cannot(load)),
        notes=NOTES,
        verified_with=VERIFIED,
    )


def _options(load: Load) -> Iterator[str]:
    settings = load.settings
    yield f"parallel:{settings.n_seq_max}"
    if settings.n_seq_max > 1:
        yield f"kv_unified:{'true' if settings.kv_unified else 'false'}"
    yield "fit_params:false"
    if settings.n_cpu_moe:
        yield f"n_cpu_moe:{settings.n_cpu_moe}"
    if settings.swa_full:
        yield "swa_full:true"
    if not settings.op_offload:
        yield "no_op_offload:true"
    if settings.split_mode != "layer":
        yield f"split_mode:{settings.split_mode}"


def _cannot(load: Load) -> Iterator[Cannot]:
    if not load.pinned:
        yield Cannot(
            "--flavour adjustable",
            "LocalAI always says a number of layers, and all of them where none is given: everything is "
            "pinned.",
        )
    yield from unsaid("localai", load.settings)
    yield from not_said(load, "LocalAI")
