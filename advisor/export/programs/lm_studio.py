"""LM Studio: the per-model default file, and `lms load`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from advisor.export.capabilities import unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.lm_studio_api import NOT_IN_PYTHON, rest_body, sdk_config
from advisor.export.quoting import command_line
from advisor.settings.rope import Rope, said

VERIFIED = (
    "The load schema of @lmstudio/sdk 2.0.0 accepts such files, knows every key, and makes the same fields "
    "of sdk-load-config.json; lmstudio 1.5.0 (Python) makes the same of what it knows. The body of the REST "
    "call is checked against the documentation alone. LM Studio does not document where the file goes, and "
    "was not run."
)
DEFAULTS = ".internal/user-concrete-model-default-config"


def render(load: Load) -> Export:
    """The default file of this model, with everything pinned: autoFit would ignore the context length."""
    key = model_key(load.model_path)
    file_name = f"{key.rpartition('/')[2]}.json"
    document = {"preset": "", "operation": {"fields": []}, "load": {"fields": list(_fields(load))}}
    experts = _share(load.settings.n_cpu_moe, load) if load.settings.n_cpu_moe else None
    return Export(
        runtime="lm-studio",
        files=(
            File(file_name, json.dumps(document, indent=1, ensure_ascii=False) + "\n"),
            sdk_config(load, _gpu_ratio(load), experts, _frequencies(load.settings.rope)),
            rest_body(load, key),
        ),
        commands=tuple(command_line(words, load.shell) for words in _commands(load, key)),
        programs=(_load_words(load, key),),
        model_key=key,
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load, key)),
        verified_with=VERIFIED,
    )


def model_key(model_path: str) -> str:
    """publisher/repository/file.gguf where LM Studio has the file; a key as it is; else the file's name."""
    plain = model_path.replace("\\", "/")
    _, models, inside = plain.rpartition("/models/")
    if models and inside.count("/") == 2:
        return inside
    is_key = plain.count("/") <= 2 and not plain.startswith("/") and ":" not in plain
    return plain if is_key else plain.rpartition("/")[2]


def _fields(load: Load) -> Iterator[dict[str, object]]:
    settings = load.settings
    yield _field("llm.load.llama.autoFit", value=False)
    yield _field("llm.load.contextLength", value=settings.n_ctx)
    yield _field("llm.load.llama.acceleration.offloadRatio", value=_gpu_ratio(load))
    if settings.n_cpu_moe:
        yield _field("llm.load.numCpuExpertLayersRatio", value=_share(settings.n_cpu_moe, load))
    yield _field("llm.load.numParallelSessions", value=settings.n_seq_max)
    yield _field("llm.load.useUnifiedKvCache", value=settings.kv_unified)
    yield _field("llm.load.offloadKVCacheToGpu", value=settings.offload_kqv)
    yield _field("llm.load.llama.flashAttention", value=load.with_flash_attn)
    yield _field("llm.load.llama.evalBatchSize", value=settings.n_batch)
    yield _field("llm.load.llama.physicalBatchSize", value=settings.n_ubatch)
    yield _field("llm.load.llama.tryMmap", value=settings.use_mmap)
    for word, number in _frequencies(settings.rope).items():
        yield _field(f"llm.load.llama.ropeFrequency{word}", value={"checked": True, "value": number})
    for letter, name in (("k", settings.cache_type_k), ("v", settings.cache_type_v)):
        # A plain string is rejected by the schema.
        yield _field(f"llm.load.llama.{letter}CacheQuantizationType", value={"checked": True, "value": name})


def _frequencies(rope: Rope) -> dict[str, float]:
    """What is said of the positions, by the end of LM Studio's word for it."""
    said_numbers = {"Base": rope.freq_base, "Scale": _freq_scale(rope)}
    return {word: number for word, number in said_numbers.items() if number}


def _freq_scale(rope: Rope) -> float | None:
    """LM Studio knows the frequencies alone, not how they are scaled: that is linear scaling."""
    return 1 / rope.factor if rope.factor and rope.scaling in {None, "linear"} else None


def _field(key: str, *, value: object) -> dict[str, object]:
    return {"key": key, "value": value}


def _gpu_ratio(load: Load) -> float | str:
    """LM Studio counts blocks and takes a share of them: round(block_count * ratio)."""
    n_gpu_layers = load.settings.n_gpu_layers
    if n_gpu_layers == 0:
        return "off"
    return "max" if load.all_layers else _share(n_gpu_layers, load)


def _share(n_layers: int, load: Load) -> float:
    """A share that rounds to this many of the model's blocks, at most 1."""
    return min(1.0, round(n_layers / load.facts.n_layer_all, 4))


def _commands(load: Load, key: str) -> Iterator[tuple[str, ...]]:
    yield (*_asked(load, key), "--estimate-only")
    yield _load_words(load, key)


def _load_words(load: Load, key: str) -> tuple[str, ...]:
    return (*_asked(load, key), "--parallel", str(load.settings.n_seq_max), "--yes")


def _asked(load: Load, key: str) -> tuple[str, ...]:
    ratio = str(_gpu_ratio(load))
    return ("lms", "load", key, "--gpu", ratio, "--context-length", str(load.settings.n_ctx))


def _cannot(load: Load) -> Iterator[Cannot]:
    settings = load.settings
    if not load.pinned:
        yield Cannot(
            "--flavour adjustable", "LM Studio's autoFit ignores the context length, so everything is pinned."
        )
    if settings.flash_attn == "auto":
        yield Cannot("--flash-attn auto", "LM Studio knows on and off: on is exported.")
    if isinstance(_gpu_ratio(load), float):
        yield Cannot(
            "--n-gpu-layers",
            f"LM Studio takes a share of the blocks, not a number. The share for {settings.n_gpu_layers} is "
            "exported; look at the number it shows.",
        )
    if settings.n_cpu_moe:
        yield Cannot("--n-cpu-moe", "LM Studio takes a share of the blocks, not a number.")
    yield from unsaid("lm-studio", settings)
    others = said(settings.rope).keys() - {"--rope-freq-base"}
    if _freq_scale(settings.rope):
        others -= {"--rope-freq-scale", "--rope-scale", "--rope-scaling"}
    if others:
        yield Cannot(
            ", ".join(option for option in said(settings.rope) if option in others),
            "LM Studio has the frequencies' base and scale, but no YaRN.",
        )
    yield Cannot(
        "lms load", "The command has no cache type, flash attention or batch size: the file has them."
    )
    if load.companions.projector:
        yield Cannot(
            "--mmproj", "There is no word for it: LM Studio takes the projector beside the model file."
        )
    if load.companions.draft:
        yield Cannot("--model-draft", "It is chosen in the chat or in the request, not in this file.")
    if load.companions.adapters:
        yield Cannot("--lora", "LM Studio loads no LoRA adapters.")


def _notes(load: Load, key: str) -> Iterator[str]:
    place = key if key.count("/") == 2 else f"PUBLISHER/REPOSITORY/{key.rpartition('/')[2]}"
    yield (
        f"Generated for LM Studio with SDK 2.0. Put the file at {DEFAULTS}/{place}.json within LM "
        "Studio's home (~/.lmstudio, or what ~/.lmstudio-home-pointer names), with the model unloaded. "
        "Keep a copy of one that is there: it may hold more than this."
    )
    if key.count("/") != 2:
        yield "The model must be one of LM Studio's: lms import FILE brings it in, lms ls shows its key."
    if load.facts.n_ctx_train and load.settings.n_ctx_per_slot > load.facts.n_ctx_train:
        yield "The context is larger than the model was trained for."
    yield (
        "sdk-load-config.json is the config of client.llm.load (@lmstudio/sdk 2.0) and of lmstudio.llm "
        f"(Python), which drops {', '.join(NOT_IN_PYTHON)} without a word: there, keep these in the file "
        "above."
    )
    yield (
        "rest-load.json is the body of POST http://localhost:1234/api/v1/models/load, which has no layers "
        "and no cache types: they come from the file above."
    )
    yield "In the app the same values stand under the gear beside the model, if the file is ignored."
