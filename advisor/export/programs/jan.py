"""Jan: model.yml of one model, which Jan turns into a preset for llama.cpp's router."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.beside import not_said
from advisor.export.capabilities import CAPABILITIES, left_to_the_runtime, unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.llama_router import ini_value
from advisor.export.programs.llama_server import tensor_overrides
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for Jan with its llama.cpp extension (August 2026)."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike; keys and slots as Jan's preset.ts at 0483d8bb reads "
    "them; with the flags that it makes of such a file llama-server b10434 allocated the KV cache that was "
    "planned. Jan was not run."
)


def render(load: Load) -> Export:
    """The file of this model. Raises UsageError (cannot-quote) for what Jan's preset could not hold."""
    settings = load.settings
    model_id = load.plain_name
    document: dict[str, object] = {
        "model_path": ini_value(load.model_path),
        "name": load.facts.name,
        "size_bytes": load.facts.file_bytes,
        "ctx_size": settings.n_ctx,
        "flash_attn": load.flash_attn,
        "cache_type_k": settings.cache_type_k,
        "cache_type_v": settings.cache_type_v,
        "parallel": max(1, settings.n_seq_max - CAPABILITIES["jan"].own_slots),
        "batch_size": settings.n_batch,
        "ubatch_size": settings.n_ubatch,
        "no_kv_offload": not settings.offload_kqv,
    }
    if load.pinned:
        document["n_gpu_layers"] = settings.n_gpu_layers
        document["n_cpu_moe"] = settings.n_cpu_moe
        if settings.override_tensor:
            document["override_tensor"] = ini_value(tensor_overrides(settings.override_tensor))
    if load.companions.projector:
        document["mmproj_path"] = ini_value(str(load.companions.projector.path))
    return Export(
        runtime="jan",
        files=(File("model.yml", yaml_text(document, GENERATED)),),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load, model_id)),
        verified_with=VERIFIED,
    )


def _cannot(load: Load) -> Iterator[Cannot]:
    yield from left_to_the_runtime(load)
    yield from unsaid("jan", load.settings)
    yield from not_said(load, "Jan", but=frozenset({"--mmproj"}))
    if load.pinned:
        yield Cannot(
            "--fit off", "It holds for all of Jan's models; with n_gpu_layers said it moves no layers."
        )


def _notes(load: Load, model_id: str) -> Iterator[str]:
    yield (
        f"Put it at llamacpp/models/{model_id}/model.yml within Jan's data folder (Settings, Data Folder), "
        "and keep what your model.yml says besides. Then start Jan again."
    )
    yield (
        "Jan opens two slots of its own beside parallel and shares one cache among all: the plan counts them."
    )
    yield (
        "Of what this file says Jan passes on only what is not llama.cpp's own default: settings of its "
        "engine (llamacpp/settings.json) hold for the rest. Leave kv_unified, swa_full, cache types and "
        "batch sizes there as they are."
    )
    if not load.pinned:
        yield "Without n_gpu_layers llama.cpp places the layers, where Jan's Fit is on as it is by default."
